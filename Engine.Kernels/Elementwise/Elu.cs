using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>y = x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2015, arXiv:1511.07289).</summary>
/// <param name="alpha">What y goes to for very negative x, without its sign; at least 0.</param>
public readonly struct Elu(double alpha) : IUnaryOp
{
    private readonly double _alpha = alpha;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> =>
        T.SelectLess(T.Of(0), x, x, T.Of(_alpha) * LaneMath.Expm1(x));
}

/// <summary>dx = g where x > 0, g alpha e^x elsewhere, from the input x.</summary>
/// <param name="alpha">As for <see cref="Elu"/>.</param>
public readonly struct EluGradient(double alpha) : IBinaryOp
{
    private readonly double _alpha = alpha;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> =>
        T.SelectLess(T.Of(0), x, g, g * (T.Of(_alpha) * LaneMath.Exp(T.Min(T.Of(0), x))));
}
