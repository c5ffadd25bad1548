using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Norms.Host;

/// <summary>
/// The sums of d = x scale - center and of d² over a contiguous row, side by side: with a center near the mean, the first sum says what the
/// center is off by. Pieces are brought together in double, as those of other sums over rows.
/// </summary>
internal static unsafe class RowMoments<T, V>
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
{
    /// <summary>The sum of d, and that of d².</summary>
    /// <param name="x">The row.</param>
    /// <param name="count">Its length.</param>
    /// <param name="scale">A power of two.</param>
    /// <param name="center">What is taken away.</param>
    /// <param name="padding">An x whose d is 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<double> Sums(T* x, int count, T scale, T center, T padding)
    {
        const int PieceLength = RowReduction<T, V, SumReduction>.PieceLength;
        Vector128<double> sums = Piece(x, Math.Min(PieceLength, count), scale, center, padding);
        for (int i = PieceLength; i < count; i += PieceLength)
            sums += Piece(x + i, Math.Min(PieceLength, count - i), scale, center, padding);
        return sums;
    }

    [SkipLocalsInit]
    private static Vector128<double> Piece(T* x, int count, T scale, T center, T padding)
    {
        int wide = PartialSums.Count<T>();
        T* lanes = stackalloc T[2 * wide];
        V factor = V.Fill(scale), pivot = V.Fill(center);

        // Narrower vectors take the parts of what 512 bits hold one after the other: the sums fit in the registers, and the lanes are the
        // same.
        for (int half = 0; half < wide; half += V.Count)
        {
            V a = V.Of(0), b = a, a2 = a, b2 = a;
            int i = half;
            for (; i <= count - (2 * wide) + half; i += 2 * wide)
            {
                Add(V.Load(x + i), factor, pivot, ref a, ref a2);
                Add(V.Load(x + i + wide), factor, pivot, ref b, ref b2);
            }

            for (; i < count; i += wide) Add(PartialVector.LoadUpTo(x + i, count - i, V.Fill(padding)), factor, pivot, ref a, ref a2);
            V.Store(a + b, lanes + half);
            V.Store(a2 + b2, lanes + wide + half);
        }

        return Vector128.Create(PartialSums.Sum(lanes), PartialSums.Sum(lanes + wide));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V x, V scale, V center, ref V sum, ref V squares)
    {
        V d = V.MulAdd(x, scale, -center);
        sum += d;
        squares = V.MulAdd(d, d, squares);
    }
}
