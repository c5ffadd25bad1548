namespace Engine.Kernels.Lanes;

/// <summary>
/// Reads and writes the first elements of a vector, for the end of a row: the rest is padding, so that the end goes through the same
/// vector code as everything before it.
/// </summary>
internal static unsafe class PartialVector
{
    /// <inheritdoc cref="IVectorLane{TSelf,T}.LoadFirst"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Load<V, T>(T* source, int count, V padding)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged => V.LoadFirst(source, count, padding);

    /// <summary>Element by element, where the processor has no loads with a mask.</summary>
    internal static V Copied<V, T>(T* source, int count, V padding)
        where V : unmanaged
        where T : unmanaged
    {
        V vector = padding;
        T* place = (T*)&vector;
        for (int i = 0; i < count; i++) place[i] = source[i];
        return vector;
    }

    /// <summary>Reads a vector, or what is left of a row where that is less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V LoadUpTo<V, T>(T* source, int left, V padding = default)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged =>
        left >= V.Count ? V.Load(source) : Load(source, left, padding);

    /// <summary>Writes a vector, or what is left of a row where that is less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreUpTo<V, T>(V value, T* destination, int left)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged
    {
        if (left >= V.Count) V.Store(value, destination);
        else Store(value, destination, left);
    }

    /// <summary>Writes the first <paramref name="count"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<V, T>(V value, T* destination, int count)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged
    {
        V vector = value;
        T* place = (T*)&vector;
        for (int i = 0; i < count; i++) destination[i] = place[i];
    }
}

/// <summary>
/// How far a vector reaches into memory: so that a loop's body is written once for whole vectors and for the end of a row.
/// </summary>
internal unsafe interface IReach<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    V Load(T* source);

    void Store(V value, T* destination);
}

/// <summary>All elements of a vector.</summary>
internal readonly unsafe struct Whole<T, V> : IReach<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(T* source) => V.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(V value, T* destination) => V.Store(value, destination);
}

/// <summary>The first elements of a vector; the others are read as zeros.</summary>
internal readonly unsafe struct First<T, V>(int count) : IReach<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(T* source) => PartialVector.Load(source, count, V.Of(0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(V value, T* destination) => PartialVector.Store(value, destination, count);
}
