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
    /// <summary>The sum of d, and that of d² in <paramref name="squares"/>.</summary>
    /// <param name="x">The row.</param>
    /// <param name="count">Its length.</param>
    /// <param name="scale">A power of two.</param>
    /// <param name="center">What is taken away.</param>
    /// <param name="padding">An x whose d is 0.</param>
    /// <param name="squares">The sum of d².</param>
    internal static double Sums(T* x, int count, V scale, V center, V padding, out double squares)
    {
        const int PieceLength = RowReduction<T, V, SumReduction>.PieceLength;
        double sum = 0;
        squares = 0;
        for (int i = 0; i < count; i += PieceLength)
        {
            sum += Piece(x + i, Math.Min(PieceLength, count - i), scale, center, padding, out double own);
            squares += own;
        }

        return sum;
    }

    [SkipLocalsInit]
    private static double Piece(T* x, int count, V scale, V center, V padding, out double squares)
    {
        int wide = PartialSums.Count<T>();
        T* lanes = stackalloc T[2 * wide];

        // Vectors of 256 bits take the halves of what 512 bits hold one after the other: eight sums fit in the registers, and the lanes are
        // the same.
        for (int half = 0; half < wide; half += V.Count)
        {
            V a = V.Of(0), b = a, c = a, d = a, a2 = a, b2 = a, c2 = a, d2 = a;
            int i = half;
            for (; i <= count - (4 * wide) + half; i += 4 * wide)
            {
                Add(V.Load(x + i), scale, center, ref a, ref a2);
                Add(V.Load(x + i + wide), scale, center, ref b, ref b2);
                Add(V.Load(x + i + (2 * wide)), scale, center, ref c, ref c2);
                Add(V.Load(x + i + (3 * wide)), scale, center, ref d, ref d2);
            }

            for (; i <= count - wide + half; i += wide) Add(V.Load(x + i), scale, center, ref a, ref a2);
            if (i < count) Add(PartialVector.LoadUpTo(x + i, count - i, padding), scale, center, ref b, ref b2);
            V.Store((a + b) + (c + d), lanes + half);
            V.Store((a2 + b2) + (c2 + d2), lanes + wide + half);
        }

        squares = PartialSums.Sum(lanes + wide);
        return PartialSums.Sum(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V x, V scale, V center, ref V sum, ref V squares)
    {
        V d = V.MulAdd(x, scale, -center);
        sum += d;
        squares = V.MulAdd(d, d, squares);
    }
}
