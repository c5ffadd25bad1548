namespace Engine.Kernels.Likelihoods;

/// <summary>
/// log N(x; mean, e^logVariance) = -(log(2 pi) + logVariance + (x - mean)² e^-logVariance) / 2, in nats, from (x, mean, logVariance).
/// </summary>
public readonly struct GaussianLogLikelihood : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T mean, T logVariance) where T : unmanaged, ILane<T>
    {
        T distance = x - mean;
        return T.Of(-0.5) * T.MulAdd(distance * distance, LaneMath.Exp(-logVariance), T.Of(1.8378770664093453) + logVariance);
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
    public T Apply<T>(T g, T x, T mean, T logVariance) where T : unmanaged, ILane<T> => g * (x - mean) * LaneMath.Exp(-logVariance);
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
        T distance = x - mean;
        return T.Of(0.5) * g * T.MulAdd(distance * distance, LaneMath.Exp(-logVariance), T.Of(-1));
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
        T.Of(0.5) * T.MulAdd(mean, mean, LaneMath.Expm1(logVariance) - logVariance);
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
        T distance = m - n;
        return T.Of(0.5) * T.MulAdd(distance * distance, LaneMath.Exp(-t), LaneMath.Expm1(difference) - difference);
    }
}

/// <summary>Its derivative with respect to s: g (e^(s - t) - 1) / 2, from (g, s, t).</summary>
public readonly struct DivergenceOfGaussiansGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T s, T t) where T : unmanaged, ILane<T> => T.Of(0.5) * g * LaneMath.Expm1(s - t);
}
