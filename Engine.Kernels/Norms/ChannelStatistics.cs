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
