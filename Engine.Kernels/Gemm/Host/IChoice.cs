namespace Engine.Kernels.Gemm.Host;

/// <summary>A yes or no that is a type, so that the compiler makes a method of its own for each.</summary>
internal interface IChoice
{
    /// <summary>The answer.</summary>
    static abstract bool Value { get; }
}

internal readonly struct Yes : IChoice
{
    public static bool Value => true;
}

internal readonly struct No : IChoice
{
    public static bool Value => false;
}
