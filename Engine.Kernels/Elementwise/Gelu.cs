using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>
/// y = x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, Phi being the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).
/// </summary>
public readonly struct Gelu : IUnaryOp
{
    internal const double HalfRoot = 0.7071067811865476;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Of(0.5) * x * (T.Of(1) + LaneMath.Erf(x * T.Of(HalfRoot)));
}

/// <summary>dx = g (Phi(x) + x e^(-x²/2) / sqrt(2 pi)), from the input x.</summary>
public readonly struct GeluGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T>
    {
        T distribution = T.Of(0.5) * (T.Of(1) + LaneMath.Erf(x * T.Of(Gelu.HalfRoot)));
        T density = T.Of(0.3989422804014327) * LaneMath.Exp(T.Of(-0.5) * x * x);
        return g * T.MulAdd(x, density, distribution);
    }
}
