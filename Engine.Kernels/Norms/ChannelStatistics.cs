using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Norms;

/// <summary>What becomes of the sums of a normalisation, for one channel or one vector of them.</summary>
internal static class ChannelStatistics
{
    /// <summary>
    /// The mean and the variance from n terms' sums of d = x - pivot and of d²: mean = pivot + sum / n, variance = (squares - sum² / n) /
    /// n. Rounding of the variance grows by the factor 1 + (pivot - mean)² / variance, which is near 1 for a pivot that is a mean of some
    /// of the terms itself.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Moments<V>(V pivot, V sum, V squares, V n, out V variance) where V : unmanaged, ILane<V>
    {
        V distance = sum / n;
        variance = V.Max(V.MulAdd(-sum, distance, squares) / n, V.Of(0));
        return pivot + distance;
    }

    /// <summary>
    /// What a mean that was found as pivot + distance has lost in rounding: what is still to be added to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Residual<V>(V pivot, V distance, V mean) where V : unmanaged, ILane<V>
    {
        // Knuth's exact sum of two numbers, of whatever magnitude.
        V second = mean - pivot;
        return (pivot - (mean - second)) + (distance - second);
    }

    /// <summary>
    /// The length of an array of means: as many as there are, or twice as many, with the residuals behind them, which the means have lost
    /// in rounding. A derivative that knows them is as accurate for values far from 0 as for those around it.
    /// </summary>
    internal static long MeanLength(Storage mean, long count) => HasResiduals(mean, count) ? 2 * count : count;

    /// <summary>Whether the residuals stand behind the means.</summary>
    internal static bool HasResiduals(Storage mean, long count) => mean.Length == 2 * count;

    /// <summary>
    /// What values are multiplied by so that neither their distances from the mean nor products of these overflow: 1 as a rule, and where
    /// the reciprocal deviation is below 2^-60 (2^-500 in float64) the power of two next to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ScaleOf<V>(V reciprocal, out V inverse) where V : unmanaged, ILane<V>
    {
        V least = V.Max(V.Exponent(reciprocal), V.Of(V.IsDouble ? -1022 : -126));
        V exponent = V.SelectLess(reciprocal, V.Of(SmallReciprocal(V.IsDouble)), least, V.Of(0));
        inverse = V.PowerOfTwo(-exponent);
        return V.PowerOfTwo(exponent);
    }

    /// <summary>Whether a reciprocal deviation is so small that values have to be scaled.</summary>
    internal static bool IsSmall<T>(T reciprocal) where T : unmanaged, INumber<T> =>
        double.CreateTruncating(reciprocal) < SmallReciprocal(typeof(T) == typeof(double));

    /// <summary>Whether any of them is.</summary>
    internal static unsafe bool AnySmall<T, V>(T* reciprocals, int count)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        V found = V.Of(0), zero = found, one = V.Of(1), bound = V.Of(SmallReciprocal(V.IsDouble));
        for (int i = 0; i < count; i += V.Count)
            found = V.Max(found, V.SelectLess(PartialVector.LoadUpTo(reciprocals + i, count - i, bound), bound, one, zero));
        return RowReduction<T, V, MaxReduction>.Lanes(default, found) > 0;
    }

    /// <summary>Epsilon, scaled as the variance is, and held where its root still has a reciprocal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ScaledEpsilon<V>(V epsilon, V scale) where V : unmanaged, ILane<V> =>
        V.Max(epsilon * scale * scale, V.Of(V.IsDouble ? 1e-300 : 1e-37));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SmallReciprocal(bool isDouble) => isDouble ? 3.054936363499605e-151 : 8.673617379884035e-19;

    /// <summary>Throws unless an epsilon is positive and finite.</summary>
    internal static void CheckEpsilon(string operation, double epsilon)
    {
        if (!(epsilon > 0) || double.IsInfinity(epsilon))
            throw new ArgumentOutOfRangeException(
                nameof(epsilon), epsilon, $"{operation}: epsilon must be positive and finite, found {epsilon}.");
    }

    /// <summary>1 / sqrt(variance + epsilon)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ReciprocalDeviation<V>(V variance, V epsilon) where V : unmanaged, ILane<V> => V.Of(1) / V.Sqrt(variance + epsilon);

    /// <summary>(1 - momentum) running + momentum statistic</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Running<V>(V running, V statistic, V momentum) where V : unmanaged, ILane<V> =>
        ((V.Of(1) - momentum) * running) + (momentum * statistic);

    /// <summary>
    /// What the mean and the deviation pass on of the gradient, as offset and slope: dx = scale h - scale sum / n - scale r² products / n
    /// d, for d = x - mean, the reciprocal deviation r and the sums of h and of h d.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Slope<V>(V scale, V reciprocal, V sum, V products, V n, out V offset) where V : unmanaged, ILane<V>
    {
        offset = -(scale * sum / n);
        return -(scale * reciprocal * (reciprocal * products) / n);
    }
}
