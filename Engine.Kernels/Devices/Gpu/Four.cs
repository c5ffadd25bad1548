namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Four neighbouring elements. A view of them is read and written with the GPU's widest instructions (16 bytes for float32), and four
/// named fields, unlike an array, stay in registers.
/// </summary>
internal readonly struct Four<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T>
{
    internal readonly T X = x, Y = y, Z = z, W = w;

    /// <summary>sum + scale * four</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<T> MulAdd(T scale, Four<T> four, Four<T> sum) => new(
        T.MulAdd(scale, four.X, sum.X), T.MulAdd(scale, four.Y, sum.Y), T.MulAdd(scale, four.Z, sum.Z), T.MulAdd(scale, four.W, sum.W));
}

/// <summary>
/// Reads and writes four neighbours at once. An H200 moves 4.8 TB/s at a latency of some 0.6 µs, so about 3 MB, 22 KB for each of its 132
/// multiprocessors, have to be in flight at any time. 2048 threads that ask for 4 bytes each are 8 KB; with 16 bytes each they are 32
/// KB. Of float64, four are two reads of 16 bytes.
/// </summary>
internal static class Fours
{
    /// <summary>One element four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<TLane> Of<TLane>(TLane x) where TLane : unmanaged, ILane<TLane> => new(x, x, x, x);

    /// <summary>The four elements from one on.</summary>
    /// <param name="view">Where they are.</param>
    /// <param name="at">The index of the first.</param>
    /// <param name="left">How many there are from it on; past these nothing is read, and the result is <paramref name="padding"/>.</param>
    /// <param name="isWide">Whether the index is a multiple of four: otherwise the elements are read one by one, and the first-level
    /// cache makes up for it.</param>
    /// <param name="padding">The value of elements that are not there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<TLane> Load<TLane>(ArrayView<TLane> view, int at, int left, bool isWide, TLane padding)
        where TLane : unmanaged, ILane<TLane>
    {
        if (isWide && left >= 4) return view.Cast<Four<TLane>>()[at >> 2];
        return new(left > 0 ? view[at] : padding, left > 1 ? view[at + 1] : padding, left > 2 ? view[at + 2] : padding, left > 3
            ? view[at + 3] : padding);
    }

    /// <summary>Writes what there is room for of four elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<TLane>(ArrayView<TLane> view, int at, int left, bool isWide, Four<TLane> four)
        where TLane : unmanaged, ILane<TLane>
    {
        if (isWide && left >= 4)
        {
            view.Cast<Four<TLane>>()[at >> 2] = four;
            return;
        }

        if (left > 0) view[at] = four.X;
        if (left > 1) view[at + 1] = four.Y;
        if (left > 2) view[at + 2] = four.Z;
        if (left > 3) view[at + 3] = four.W;
    }
}
