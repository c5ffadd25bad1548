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

/// <summary>What there is to know about a <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>The size of one element, in bytes.</summary>
    public static int SizeInBytes(this DType dtype) => dtype == DType.Float64 ? 8 : 4;

    /// <summary>The <see cref="DType"/> whose elements are <typeparamref name="T"/> (float, double or int).</summary>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is none of the three.</exception>
    public static DType Of<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.Float32;
        if (typeof(T) == typeof(double)) return DType.Float64;
        if (typeof(T) == typeof(int)) return DType.Int32;
        throw new ArgumentException($"Elements are float, double or int; found {typeof(T).Name}.");
    }
}
