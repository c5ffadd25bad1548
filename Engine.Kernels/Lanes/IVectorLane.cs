namespace Engine.Kernels.Lanes;

/// <summary>A lane that is a vector in host memory.</summary>
/// <typeparam name="TSelf">The lane type itself.</typeparam>
/// <typeparam name="T">The type of its elements: float or double.</typeparam>
internal unsafe interface IVectorLane<TSelf, T> : ILane<TSelf>
    where TSelf : unmanaged, IVectorLane<TSelf, T>
    where T : unmanaged
{
    /// <summary>The number of elements.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> elements; no alignment is needed.</summary>
    static abstract TSelf Load(T* source);

    /// <summary>Writes <see cref="Count"/> elements; no alignment is needed.</summary>
    static abstract void Store(TSelf value, T* destination);

    /// <summary>
    /// Reads <see cref="Count"/> unsigned integers, shifts each right and makes it a number, rounded where it does not fit.
    /// </summary>
    static abstract TSelf LoadWords(uint* source, int shift);

    /// <summary><paramref name="value"/> in every place.</summary>
    static abstract TSelf Fill(T value);
}
