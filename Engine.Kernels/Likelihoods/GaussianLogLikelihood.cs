using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

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
