using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Reductions;

/// <summary>
/// Reads and writes the first elements of a vector, for the end of a row: the rest is padding, so that the end goes through the same
/// vector code as everything before it.
/// </summary>
internal static unsafe class PartialVector
{
    /// <summary>
    /// Reads <paramref name="count"/> elements, fewer than a vector; the rest of the vector is <paramref name="padding"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Load<V, T>(T* source, int count, V padding)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged
    {
        V vector = padding;
        T* place = (T*)&vector;
        for (int i = 0; i < count; i++) place[i] = source[i];
        return V.Load(place);
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
