using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>y = x where x >= 0, slope x elsewhere. For the slope 0 see <see cref="Relu"/>, which is right at -infinity too.</summary>
/// <param name="slope">The factor on the negative side, at least 0.</param>
public readonly struct LeakyRelu(double slope) : IUnaryOp
{
    private readonly double _slope = slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(0), x * T.Of(_slope), x);
}

/// <summary>
/// dx = g where y > 0, slope g elsewhere. With a slope of at least 0 the output has the sign of the input, so that either will do
/// for y; at the kink the derivative is the slope.
/// </summary>
/// <param name="slope">The factor on the negative side, at least 0.</param>
public readonly struct LeakyReluGradient(double slope) : IBinaryOp
{
    private readonly double _slope = slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => T.SelectLess(T.Of(0), y, g, g * T.Of(_slope));
}
