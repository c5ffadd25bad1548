namespace Engine.Kernels;

/// <summary>The type of the elements that a <see cref="Storage"/> holds.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32: what models train in.</summary>
    Float32,

    /// <summary>IEEE 754 binary64: what gradients are checked in.</summary>
    Float64,

    /// <summary>32-bit signed integers: labels, tokens, indices.</summary>
    Int32,
}
