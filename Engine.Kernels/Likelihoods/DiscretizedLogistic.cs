using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of a level x under a logistic distribution cut into bins (Kingma et al. 2016, arXiv:1606.04934; Salimans et al.
/// 2017, arXiv:1701.05517), in nats, from (x, mean, logScale).
/// </summary>
internal readonly struct DiscretizedLogistic(LogisticBins bins) : ITernaryOp
{
    private readonly LogisticBins _bins = bins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.Exp(-logScale);
        T half = T.Of(_bins.Half);
        T center = x - mean;
        T d = T.Of(_bins.Step) * v;

        // log(1 - e^-d): below log 2 from e^-d - 1, above from e^-d itself, each where it has its precision.
        T inner = T.SelectLess(d, T.Of(0.6931471805599453), LaneMath.Log(-LaneMath.Expm1(-d)), LaneMath.Log1p(-LaneMath.Exp(-d)));
        T first = _bins.UnlessLast(x, LaneMath.Softplus(v * (-half - center)));
        T second = _bins.UnlessFirst(x, LaneMath.Softplus(v * (center - half)));
        return _bins.UnlessFirst(x, _bins.UnlessLast(x, inner)) - (first + second);
    }
}

/// <summary>dmean = g v (sigmoid(b) - sigmoid(-a)) = -dx, from (g, x, mean, logScale).</summary>
internal readonly struct DiscretizedLogisticMeanGradient(LogisticBins bins, double sign) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;
    private readonly double _sign = sign;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.Exp(-logScale);
        T half = T.Of(_bins.Half);
        T center = x - mean;
        T first = _bins.UnlessLast(x, LaneMath.Sigmoid(v * (-half - center)));
        T second = _bins.UnlessFirst(x, LaneMath.Sigmoid(v * (center - half)));
        return T.Of(_sign) * g * v * (second - first);
    }
}

/// <summary>dlogScale = g (b sigmoid(b) - a sigmoid(-a) - d / (e^d - 1)), from (g, x, mean, logScale).</summary>
internal readonly struct DiscretizedLogisticScaleGradient(LogisticBins bins) : IQuaternaryOp
{
    private readonly LogisticBins _bins = bins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logScale) where T : unmanaged, ILane<T>
    {
        T v = LaneMath.Exp(-logScale);
        T half = T.Of(_bins.Half);
        T center = x - mean;
        T minusA = v * (-half - center);
        T b = v * (center - half);
        T d = T.Of(_bins.Step) * v;
        T first = _bins.UnlessLast(x, minusA * LaneMath.Sigmoid(minusA));
        T second = _bins.UnlessFirst(x, b * LaneMath.Sigmoid(b));
        T inner = _bins.UnlessFirst(x, _bins.UnlessLast(x, d / LaneMath.Expm1(d)));
        return g * (first + second - inner);
    }
}
