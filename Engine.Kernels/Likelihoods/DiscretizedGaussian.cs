using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of a level x under a normal distribution cut into bins (Ho et al. 2020, arXiv:2006.11239, equation 13), in nats,
/// from (x, mean, logVariance). With v = e^(-logVariance / 2), the ends of the bin are a = v (x - mean - half) and b = v (x - mean + half):
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
        GaussianBin<T> bin = GaussianBin<T>.Of(_bins, x, mean, logVariance);
        T inner = T.SelectLess(T.Of(0.5), bin.Near, bin.LogApart, LaneMath.Log(bin.Around));
        return _bins.Either(x, LaneMath.LogNormalTail(bin.FirstEnd), LaneMath.LogNormalTail(bin.LastStart), inner);
    }
}

/// <summary>
/// dmean = g v (phi(a) - phi(b)) / p = -dx, from (g, x, mean, logVariance): the densities at the ends of the bin over its probability.
/// </summary>
internal readonly struct DiscretizedGaussianMeanGradient(LogisticBins bins, double sign) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;
    private readonly double _sign = sign;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianBin<T> bin = GaussianBin<T>.Of(_bins, x, mean, logVariance);
        T inner = T.CopySign(T.Of(1), x - mean) * (bin.DensityAtNear - bin.DensityAtFar);
        return T.Of(_sign) * g * bin.V * _bins.Either(x, -LaneMath.NormalHazard(bin.FirstEnd), LaneMath.NormalHazard(bin.LastStart), inner);
    }
}

/// <summary>dlogVariance = g (a phi(a) - b phi(b)) / (2 p), from (g, x, mean, logVariance).</summary>
internal readonly struct DiscretizedGaussianVarianceGradient(LogisticBins bins) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        GaussianBin<T> bin = GaussianBin<T>.Of(_bins, x, mean, logVariance);
        T inner = (bin.Near * bin.DensityAtNear) - (bin.Far * bin.DensityAtFar);
        return T.Of(0.5) * g * _bins.Either(
            x, bin.FirstEnd * LaneMath.NormalHazard(bin.FirstEnd), bin.LastStart * LaneMath.NormalHazard(bin.LastStart), inner);
    }
}
