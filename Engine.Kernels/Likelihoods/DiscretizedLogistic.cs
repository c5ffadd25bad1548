namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of a level x under a logistic distribution cut into bins (Kingma et al. 2016, arXiv:1606.04934; Salimans et al.
/// 2017, arXiv:1701.05517), in nats, from (x, mean, logScale).
/// </summary>
internal readonly struct DiscretizedLogistic(LevelBins bins) : ITernaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.ExpFinite(-logScale);
        T half = T.Of(bins.Half);
        T center = x - mean;
        T d = T.Of(bins.Step) * v;

        // log(1 - e^-d): below log 2 from e^-d - 1, above from e^-d itself, each where it has its precision; log(d) - d / 2 where d is so
        // small that it may be 0, but its logarithm is not.
        T inner = T.SelectLess(d, T.Of(0.6931471805599453), LaneMath.Log(-LaneMath.Expm1(-d)), LaneMath.Log1p(-LaneMath.Exp(-d)));
        inner = T.SelectLess(d, LevelBins.Thin<T>(), T.MulAdd(T.Of(-0.5), d, T.Of(bins.LogStep) - logScale), inner);
        T first = bins.UnlessLast(x, LaneMath.Softplus(v * (-half - center)));
        T second = bins.UnlessFirst(x, LaneMath.Softplus(v * (center - half)));
        return bins.UnlessFirst(x, bins.UnlessLast(x, inner)) - (first + second);
    }
}

/// <summary>dmean = g v (sigmoid(b) - sigmoid(-a)) = -dx, from (g, x, mean, logScale).</summary>
internal readonly struct DiscretizedLogisticMeanGradient(LevelBins bins, double sign) : IQuaternaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.ExpFinite(-logScale);
        T half = T.Of(bins.Half);
        T center = x - mean;
        T first = bins.UnlessLast(x, LaneMath.Sigmoid(v * (-half - center)));
        T second = bins.UnlessFirst(x, LaneMath.Sigmoid(v * (center - half)));
        return T.Of(sign) * g * v * (second - first);
    }
}

/// <summary>dlogScale = g (b sigmoid(b) - a sigmoid(-a) - d / (e^d - 1)), from (g, x, mean, logScale).</summary>
internal readonly struct DiscretizedLogisticScaleGradient(LevelBins bins) : IQuaternaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.ExpFinite(-logScale);
        T half = T.Of(bins.Half);
        T center = x - mean;
        T minusA = v * (-half - center);
        T b = v * (center - half);
        T d = T.Of(bins.Step) * v;
        T first = bins.UnlessLast(x, minusA * LaneMath.Sigmoid(minusA));
        T second = bins.UnlessFirst(x, b * LaneMath.Sigmoid(b));
        T inner = bins.UnlessFirst(
            x, bins.UnlessLast(x, T.SelectLess(d, LevelBins.Thin<T>(), T.MulAdd(T.Of(-0.5), d, T.Of(1)), d / LaneMath.Expm1(d))));
        return g * (first + second - inner);
    }
}

/// <summary>
/// The bins of a discretised logistic distribution: evenly spaced levels from the lowest to the highest, each bin half a step to either
/// side of its level, the first open below and the last open above. What its operations share:
/// <code>
/// v = e^-logScale, a = v (x - mean + half), b = v (x - mean - half), d = a - b = 2 v half
/// sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^-d)
/// log p = -softplus(-a) - softplus(b) + log(1 - e^-d)
/// </code>
/// of which the first bin has the first term alone and the last bin the second. No term cancels another, so that the logarithm is
/// accurate however far x is from the mean, where the difference of the sigmoids is nothing but rounding.
/// </summary>
/// <param name="low">The lowest level.</param>
/// <param name="high">The highest level.</param>
/// <param name="levels">The number of levels, at least 2.</param>
internal readonly struct LevelBins(double low, double high, int levels)
{
    /// <summary>From one level to the next.</summary>
    internal readonly double Step = (high - low) / (levels - 1);

    /// <summary>The logarithm of that.</summary>
    internal readonly double LogStep = Math.Log((high - low) / (levels - 1));

    /// <summary>The logarithm of a step times the density of a standard normal distribution at its mean, 1 / sqrt(2 pi).</summary>
    internal readonly double LogStepAtMean = Math.Log((high - low) / (levels - 1)) - 0.91893853320467274;

    /// <summary>From a level to the end of its bin.</summary>
    internal readonly double Half = (high - low) / (levels - 1) / 2;

    /// <summary>What is below it is in the first bin.</summary>
    internal readonly double FirstEnd = low + ((high - low) / (levels - 1) / 2);

    /// <summary>What is above it is in the last bin.</summary>
    internal readonly double LastStart = high - ((high - low) / (levels - 1) / 2);

    /// <summary>The width of a bin in scales below which its density is the same all over it but for rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Thin<T>() where T : unmanaged, ILane<T> => T.Of(T.IsDouble ? 1.0 / (1 << 26) : 1.0 / (1 << 12));

    /// <summary>One of the second term, in all bins but the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T UnlessFirst<T>(T x, T value) where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(FirstEnd), T.Of(0), value);

    /// <summary>One of the first term, in all bins but the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T UnlessLast<T>(T x, T value) where T : unmanaged, ILane<T> => T.SelectLess(T.Of(LastStart), x, T.Of(0), value);

    /// <summary>One value in the first bin, one in the last, one in all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Either<T>(T x, T first, T last, T inner)
        where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(FirstEnd), first, T.SelectLess(T.Of(LastStart), x, last, inner));
}
