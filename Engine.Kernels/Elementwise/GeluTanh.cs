using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>
/// y = x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x³), the approximation of <see cref="Gelu"/> (Hendrycks and Gimpel 2016,
/// arXiv:1606.08415); computed as x sigmoid(2 u), which is the same and loses nothing where tanh is close to -1.
/// </summary>
public readonly struct GeluTanh : IUnaryOp
{
    internal const double Slope = 1.5957691216057308;
    internal const double Cubic = 0.044715;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x * LaneMath.Sigmoid(Argument(x, x * x));

    /// <summary>2 u</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Argument<T>(T x, T square) where T : unmanaged, ILane<T> => T.Of(Slope) * x * T.MulAdd(T.Of(Cubic), square, T.Of(1));
}

/// <summary>dx = g s (1 + x (1 - s) 2 u'), s = sigmoid(2 u), from the input x.</summary>
public readonly struct GeluTanhGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T>
    {
        // Beyond the bound s is 0 or 1 and the second term 0, whatever its other factor, which must not overflow.
        T bounded = T.Max(T.Of(-30), T.Min(T.Of(30), x));
        T square = bounded * bounded;
        T s = LaneMath.Sigmoid(GeluTanh.Argument(bounded, square));
        T rest = LaneMath.Sigmoid(-GeluTanh.Argument(bounded, square));
        T slope = T.Of(GeluTanh.Slope) * T.MulAdd(T.Of(3 * GeluTanh.Cubic), square, T.Of(1));
        return g * s * T.MulAdd(bounded * rest, slope, T.Of(1));
    }
}
