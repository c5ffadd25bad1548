namespace ILGPU;

/// <summary>Which calls ILGPU's compiler inlines.</summary>
internal enum InliningMode
{
    Default,
    Aggressive,
    Conservative,
    Disabled,
}
