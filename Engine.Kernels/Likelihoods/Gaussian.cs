namespace Engine.Kernels.Likelihoods;

/// <summary>
/// Distances in deviations, z = d e^(-logVariance / 2). A variance has a wider range than its logarithm: e^-logVariance overflows where its
/// product with a small d is an ordinary number, and where d is 0. So d is multiplied by a fourth root of it, as often as needed, whose
/// logarithm is bounded where every d but 0 overflows.
/// </summary>
internal static class Deviations
{
    /// <summary>e^(-logVariance / 4), finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Root<T>(T logVariance) where T : unmanaged, ILane<T> => LaneMath.ExpNormal(T.Of(-0.25) * logVariance);

    /// <summary>d e^(-logVariance / 2)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Of<T>(T d, T logVariance) where T : unmanaged, ILane<T>
    {
        T root = Root(logVariance);
        return d * root * root;
    }
}

/// <summary>
/// log N(x; mean, e^logVariance) = -(log(2 pi) + logVariance + (x - mean)² e^-logVariance) / 2, in nats, from (x, mean, logVariance).
/// </summary>
public readonly struct GaussianLogLikelihood : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        T z = Deviations.Of(x - mean, logVariance);
        return T.MulAdd(T.Of(-0.5) * z, z, T.MulAdd(T.Of(-0.5), logVariance, T.Of(-0.9189385332046727)));
    }
}

/// <summary>
/// g (x - mean) e^-logVariance, from (g, x, mean, logVariance): the derivative of a Gaussian's log-density with respect to the mean, and
/// that of x for (g, mean, x, logVariance).
/// </summary>
public readonly struct GaussianMeanGradient : IQuaternaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        T root = Deviations.Root(logVariance);
        return (x - mean) * root * root * g * root * root;
    }
}

/// <summary>
/// g ((x - mean)² e^-logVariance - 1) / 2, from (g, x, mean, logVariance): the derivative of a Gaussian's log-density with respect to the
/// log-variance.
/// </summary>
public readonly struct GaussianLogVarianceGradient : IQuaternaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        T z = Deviations.Of(x - mean, logVariance);
        T half = T.Of(0.5) * g;
        return T.MulAdd(half * z, z, -half);
    }
}

/// <summary>
/// KL(N(mean, e^logVariance) || N(0, 1)) = (mean² + e^logVariance - 1 - logVariance) / 2, in nats (Kingma and Welling 2013,
/// arXiv:1312.6114, appendix B), from (mean, logVariance).
/// </summary>
public readonly struct DivergenceToStandard : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T mean, T logVariance) where T : unmanaged, ILane<T> =>
        T.MulAdd(T.Of(0.5) * mean, mean, T.Of(0.5) * (LaneMath.Expm1(logVariance) - logVariance));
}

/// <summary>Its derivative with respect to the log-variance: g (e^logVariance - 1) / 2, from (g, logVariance).</summary>
public readonly struct DivergenceToStandardGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T logVariance) where T : unmanaged, ILane<T> => T.Of(0.5) * g * LaneMath.Expm1(logVariance);
}

/// <summary>KL(N(m, e^s) || N(n, e^t)) = (t - s + e^(s - t) + (m - n)² e^-t - 1) / 2, in nats, from (m, s, n, t).</summary>
public readonly struct DivergenceOfGaussians : IQuaternaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T m, T s, T n, T t) where T : unmanaged, ILane<T>
    {
        T difference = s - t;
        T z = Deviations.Of(m - n, t);
        return T.MulAdd(T.Of(0.5) * z, z, T.Of(0.5) * (LaneMath.Expm1(difference) - difference));
    }
}

/// <summary>Its derivative with respect to s: g (e^(s - t) - 1) / 2, from (g, s, t).</summary>
public readonly struct DivergenceOfGaussiansGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T s, T t) where T : unmanaged, ILane<T> => T.Of(0.5) * g * LaneMath.Expm1(s - t);
}
