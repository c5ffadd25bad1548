using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Norms;

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
