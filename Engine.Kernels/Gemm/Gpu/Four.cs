namespace Engine.Kernels.Gemm.Gpu;

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
