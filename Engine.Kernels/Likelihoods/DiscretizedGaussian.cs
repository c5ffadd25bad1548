using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of a level x under a normal distribution cut into bins (Ho et al. 2020, arXiv:2006.11239, equation 13), in nats, from
/// (x, mean, logVariance). With v = e^(-logVariance / 2), the ends of the bin are a = v (x - mean - half) and b = v (x - mean + half):
/// <code>
/// log p = log(Phi(b) - Phi(a)),   in the first bin log Phi(b), in the last log(1 - Phi(a))
/// </code>
/// </summary>
internal readonly struct DiscretizedGaussian(LogisticBins bins) : ITernaryOp
{
    private readonly LogisticBins _bins = bins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.Exp(T.Of(-0.5) * logVariance);
        T center = x - mean;
        T half = T.Of(_bins.Half);

        // The bin's mirror image around the mean has the same probability: both ends are taken on the side where 1 - Phi is small.
        T near = v * (T.Abs(center) - half);
        T far = v * (T.Abs(center) + half);

        // Beyond the mean from the ratio of the two tails, which never underflows; around it from the difference of error functions.
        T tail = LaneMath.LogNormalTail(near);
        T apart = tail + LaneMath.Log(T.Max(-LaneMath.Expm1(LaneMath.LogNormalTail(far) - tail), T.Of(1e-37)));
        T root = T.Of(0.70710678118654752);
        T around = LaneMath.Log(T.Max(T.Of(0.5) * (LaneMath.Erf(far * root) - LaneMath.Erf(near * root)), T.Of(1e-37)));
        T inner = T.SelectLess(T.Of(0.5), near, apart, around);
        T first = LaneMath.LogNormalTail(v * (-half - center));
        T last = LaneMath.LogNormalTail(v * (center - half));
        return T.SelectLess(x, T.Of(_bins.FirstEnd), first, T.SelectLess(T.Of(_bins.LastStart), x, last, inner));
    }
}

/// <summary>dmean = g v (phi(a) - phi(b)) / p = -dx, from (g v times the sign, x, mean, log-variance): the densities at the ends of the bin, over its probability.</summary>
internal readonly struct DiscretizedGaussianMeanGradient(LogisticBins bins, double sign) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;
    private readonly double _sign = sign;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianEnds<T> ends = GaussianEnds<T>.Of(_bins, x, mean, logVariance);
        return T.Of(_sign) * g * ends.V * (ends.DensityAtA - ends.DensityAtB);
    }
}

/// <summary>dlogVariance = g (a phi(a) - b phi(b)) / (2 p), from (g, x, mean, logVariance).</summary>
internal readonly struct DiscretizedGaussianVarianceGradient(LogisticBins bins) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianEnds<T> ends = GaussianEnds<T>.Of(_bins, x, mean, logVariance);
        return T.Of(0.5) * g * ((ends.A * ends.DensityAtA) - (ends.B * ends.DensityAtB));
    }
}

/// <summary>The ends of a bin, and the density at each over the probability of the bin: 0 where the bin is open.</summary>
internal readonly struct GaussianEnds<T>(T v, T a, T b, T densityAtA, T densityAtB)
    where T : unmanaged, ILane<T>
{
    internal readonly T V = v, A = a, B = b, DensityAtA = densityAtA, DensityAtB = densityAtB;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static GaussianEnds<T> Of(LogisticBins bins, T x, T mean, T logVariance)
    {
        T v = LaneMath.Exp(T.Of(-0.5) * logVariance);
        T a = v * (x - mean - T.Of(bins.Half));
        T b = v * (x - mean + T.Of(bins.Half));

        // phi(a) / p = exp(-a² / 2 - log sqrt(2 pi) - log p): both may underflow, their ratio does not.
        T constant = T.Of(-0.91893853320467274) - new DiscretizedGaussian(bins).Apply(x, mean, logVariance);
        T atA = LaneMath.Exp(T.MulAdd(T.Of(-0.5) * a, a, constant));
        T atB = LaneMath.Exp(T.MulAdd(T.Of(-0.5) * b, b, constant));
        return new GaussianEnds<T>(v, a, b, bins.UnlessFirst(x, atA), bins.UnlessLast(x, atB));
    }
}
