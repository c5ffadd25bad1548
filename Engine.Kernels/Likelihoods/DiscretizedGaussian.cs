namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of a level x under a normal distribution cut into bins (Ho et al. 2020, arXiv:2006.11239, equation 13), in nats,
/// from (x, mean, logVariance). With v = e^(-logVariance / 2), the ends of the bin are a = v (x - mean - half) and b = v (x - mean + half):
/// <code>log p = log(Phi(b) - Phi(a)),   in the first bin log Phi(b), in the last log(1 - Phi(a))</code>
/// </summary>
internal readonly struct DiscretizedGaussian(LevelBins bins) : ITernaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianBin<T> bin = GaussianBin<T>.Of(bins, x, mean, logVariance);
        T tail = LaneMath.LogNormalTail(bins.Either(x, bin.FirstEnd, bin.LastStart, bin.Near));
        T inner = bin.Inside(tail + LaneMath.Log(bin.Missing), LaneMath.Log(bin.Around));

        // log p = log phi(c) + log w + w² (c² - 1) / 24, where the width w itself may vanish, but its logarithm does not.
        T c = bin.Center, w = bin.Width;
        T thin = T.MulAdd(T.Of(-0.5) * c, c, T.Of(bins.LogStepAtMean) - (T.Of(0.5) * logVariance));
        thin = T.MulAdd(w * w * T.Of(1 / 24.0), T.MulAdd(c, c, T.Of(-1)), thin);
        return bins.Either(x, tail, tail, bin.IfThin(thin, inner));
    }
}

/// <summary>
/// dmean = g v (phi(a) - phi(b)) / p = -dx, from (g, x, mean, logVariance): the densities at the ends of the bin over its probability.
/// </summary>
internal readonly struct DiscretizedGaussianMeanGradient(LevelBins bins, double sign) : IQuaternaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianBin<T> bin = GaussianBin<T>.Of(bins, x, mean, logVariance);
        T hazard = bin.Hazard(bins, x);
        T inner = T.CopySign(T.Of(1), x - mean) * (bin.DensityAtNear(hazard) - bin.DensityAtFar(hazard));
        T c = T.CopySign(bin.Center, x - mean);
        inner = bin.IfThin(T.MulAdd(bin.Width * bin.Width * T.Of(-1 / 12.0), c, c), inner);
        return T.Of(sign) * g * bin.V * bins.Either(x, -hazard, hazard, inner);
    }
}

/// <summary>dlogVariance = g (a phi(a) - b phi(b)) / (2 p), from (g, x, mean, logVariance).</summary>
internal readonly struct DiscretizedGaussianVarianceGradient(LevelBins bins) : IQuaternaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianBin<T> bin = GaussianBin<T>.Of(bins, x, mean, logVariance);

        // Far from the mean g comes first: the other factors may overflow where their product with it does not.
        T hazard = bin.Hazard(bins, x), near = bin.DensityAtNear(hazard), far = bin.DensityAtFar(hazard);
        T half = T.Of(0.5) * g, square = half * bin.Center * bin.Center;
        T inner = T.SelectLess(
            bin.Near, T.Of(1e9), half * ((bin.Near * near) - (bin.Far * far)), (half * bin.Near * near) - (half * bin.Far * far));
        inner = bin.IfThin(
            T.MulAdd(bin.Width * bin.Width * T.Of(-1 / 12.0), T.MulAdd(T.Of(2), square, -half), square - half), inner);
        return bins.Either(x, half * bin.FirstEnd * hazard, half * bin.LastStart * hazard, inner);
    }
}

/// <summary>
/// A bin of a discretised normal distribution, in deviations from the mean. The bin's mirror image around the mean has the same probability
/// p, so that its ends are taken on the side where the tail Q is small. More than half a deviation from the mean p is a difference of two
/// tails,
/// <code>p = Q(near) (1 - e^d),   d = log Q(far) - log Q(near)</code>
/// of which neither underflows as a logarithm; around the mean it is a difference of error functions. Where the bin is so thin that the
/// density phi is nearly the same all over it, log p is a series in its width w around its middle c,
/// <code>log p = log phi(c) + log w + w² (c² - 1) / 24 + ...</code>
/// </summary>
internal readonly struct GaussianBin<T>
    where T : unmanaged, ILane<T>
{
    private readonly T _drop;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private GaussianBin(T center, T half, T v)
    {
        V = v;
        Center = v * T.Abs(center);
        Width = T.Of(2) * half * v;
        Near = v * (T.Abs(center) - half);
        Far = v * (T.Abs(center) + half);
        FirstEnd = v * (-half - center);
        LastStart = v * (center - half);

        // (far² - near²) / 2 = 2 |center| half v², and d without the squares that cancel in it
        T near = T.Max(Near, T.Of(0));
        _drop = T.Of(2) * T.Abs(center) * half * v * v;
        Missing = -LaneMath.Expm1(LaneMath.LogTailOverDensity(Far) - LaneMath.LogTailOverDensity(near) - _drop);
        T root = T.Of(0.70710678118654752);
        Around = T.Of(0.5) * (LaneMath.Erf(Far * root) - LaneMath.Erf(Near * root));
    }

    /// <summary>1 / deviation.</summary>
    internal T V { get; }

    /// <summary>How far the bin's middle is from the mean.</summary>
    internal T Center { get; }

    /// <summary>How far its ends are apart.</summary>
    internal T Width { get; }

    /// <summary>The end that is nearer to the mean; negative where the mean is inside.</summary>
    internal T Near { get; }

    /// <summary>The other end.</summary>
    internal T Far { get; }

    /// <summary>In the first bin: its one end, from below.</summary>
    internal T FirstEnd { get; }

    /// <summary>In the last bin: its one end.</summary>
    internal T LastStart { get; }

    /// <summary>One value for a bin that is so thin, another for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T IfThin(T thin, T otherwise) =>
        T.SelectLess(Width * T.Max(T.Of(1), Center), T.Of(T.IsDouble ? 1.0 / 1024 : 1.0 / 32), thin, otherwise);

    /// <summary>p, around the mean.</summary>
    internal T Around { get; }

    /// <summary>1 - e^d, away from the mean.</summary>
    internal T Missing { get; }

    /// <summary>One value for a bin away from the mean, another around it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Inside(T apart, T around) => T.SelectLess(T.Of(0.5), Near, apart, around);

    /// <summary>phi / Q at the one end of the first and of the last bin, and at the nearer end of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Hazard(LevelBins bins, T x) => LaneMath.NormalHazard(bins.Either(x, FirstEnd, LastStart, Near));

    /// <summary>phi(near) / p, from phi(near) / Q(near).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T DensityAtNear(T hazard) => Inside(hazard / Missing, Density(Near) / Around);

    /// <summary>phi(far) / p, from phi(near) / Q(near).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T DensityAtFar(T hazard) => Inside(hazard / Missing * LaneMath.Exp(-_drop), Density(Far) / Around);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static GaussianBin<T> Of(LevelBins bins, T x, T mean, T logVariance) =>
        new(x - mean, T.Of(bins.Half), LaneMath.ExpFinite(T.Of(-0.5) * logVariance));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Density(T x) => LaneMath.Exp(T.MulAdd(x * T.Of(-0.5), x, T.Of(-0.91893853320467274)));
}
