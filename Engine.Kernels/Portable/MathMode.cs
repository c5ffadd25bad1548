namespace ILGPU;

/// <summary>Whether ILGPU's compiler may use approximate instructions.</summary>
internal enum MathMode
{
    Default,
    Fast,
    Fast32BitOnly,
}
