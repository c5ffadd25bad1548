namespace Engine.Kernels.Elementwise;

/// <summary>
/// g derivative; a gradient of 0 stays 0, whatever the derivative is: what a loss does not depend on has no gradient, be it NaN.
/// </summary>
internal static class Chain
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Rule<T>(T g, T derivative) where T : unmanaged, ILane<T> => T.SelectEqual(g, T.Of(0), g, g * derivative);
}

/// <summary>max(x, 0); NaN for NaN.</summary>
public readonly struct Relu : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Max(x, T.Of(0));
}

/// <summary>
/// dx = g where y > 0, 0 where y &lt;= 0, from the output or the input y; g where that is NaN, so that a trace back from a NaN finds its
/// way.
/// </summary>
public readonly struct ReluGradient : IBinaryOp
{
    // y < the smallest positive value is y <= 0, but false for NaN.
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => T.SelectLess(y, Smallest<T>(), T.Of(0), g);

    /// <summary>The smallest positive value of a type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Smallest<T>() where T : unmanaged, ILane<T> => T.Of(T.IsDouble ? double.Epsilon : float.Epsilon);
}

/// <summary>y = x where x >= 0, slope x elsewhere. For the slope 0 see <see cref="Relu"/>, which is right at -infinity too.</summary>
/// <param name="slope">The factor on the negative side, at least 0.</param>
public readonly struct LeakyRelu(double slope) : IUnaryOp
{
    private readonly LaneConstant _slope = new(slope);

    internal double Slope => _slope.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(0), x * _slope.As<T>(), x);
}

/// <summary>
/// dx = g where y > 0 or NaN, slope g elsewhere. With a slope of at least 0 the output has the sign of the input, so that either will do
/// for y; at the kink the derivative is the slope. For the slope 0 see <see cref="ReluGradient"/>, which is right for an infinite g too.
/// </summary>
/// <param name="slope">The factor on the negative side, at least 0.</param>
public readonly struct LeakyReluGradient(double slope) : IBinaryOp
{
    private readonly LaneConstant _slope = new(slope);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => T.SelectLess(y, ReluGradient.Smallest<T>(), g * _slope.As<T>(), g);
}

/// <summary>y = x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2015, arXiv:1511.07289).</summary>
/// <param name="alpha">What y goes to for very negative x, without its sign; at least 0.</param>
public readonly struct Elu(double alpha) : IUnaryOp
{
    private readonly LaneConstant _alpha = new(alpha);

    internal double Alpha => _alpha.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.SelectLess(T.Of(0), x, x, _alpha.As<T>() * LaneMath.Expm1(x));
}

/// <summary>dx = g where x > 0, g alpha e^x elsewhere, from the input x.</summary>
/// <param name="alpha">As for <see cref="Elu"/>.</param>
public readonly struct EluGradient(double alpha) : IBinaryOp
{
    private readonly LaneConstant _alpha = new(alpha);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> =>
        T.SelectLess(T.Of(0), x, g, Chain.Rule(g, _alpha.As<T>() * LaneMath.Exp(T.Min(T.Of(0), x))));
}

/// <summary>y = 1 / (1 + e^-x).</summary>
public readonly struct Sigmoid : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Sigmoid(x);
}

/// <summary>dx = g y (1 - y), from the output y.</summary>
public readonly struct SigmoidGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => Chain.Rule(g, y * (T.Of(1) - y));
}

/// <summary>y = tanh x.</summary>
public readonly struct Tanh : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Tanh(x);
}

/// <summary>dx = g (1 - y²), from the output y.</summary>
public readonly struct TanhGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => Chain.Rule(g, T.Of(1) - (y * y));
}

/// <summary>log(1 + e^x), without overflow.</summary>
public readonly struct Softplus : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Softplus(x);
}

/// <summary>dx = g sigmoid(x).</summary>
public readonly struct SoftplusGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> => Chain.Rule(g, LaneMath.Sigmoid(x));
}

/// <summary>y = x sigmoid(x) (Elfwing et al. 2017, arXiv:1702.03118; also called Swish).</summary>
public readonly struct Silu : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        // Below the bound the sigmoid is 0, and -infinity times it would be NaN.
        T s = LaneMath.Sigmoid(x);
        return T.Max(T.Of(-1000), x) * s;
    }
}

/// <summary>dx = g s (1 + x (1 - s)), s = sigmoid(x), from the input x.</summary>
public readonly struct SiluGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T>
    {
        // Beyond the bounds s or 1 - s is 0, and infinity times it would be NaN.
        T s = LaneMath.Sigmoid(x), bounded = T.Max(T.Of(-1000), T.Min(T.Of(1000), x));
        return T.SelectEqual(g, T.Of(0), g, g * s * T.MulAdd(bounded, T.Of(1) - s, T.Of(1)));
    }
}

/// <summary>
/// y = x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, Phi being the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).
/// </summary>
public readonly struct Gelu : IUnaryOp
{
    internal const double HalfRoot = 0.7071067811865476;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        // Below the bound the sum is 0, and -infinity times it would be NaN.
        T doubled = T.Of(1) + LaneMath.Erf(x * T.Of(HalfRoot));
        return T.Of(0.5) * T.Max(T.Of(-50), x) * doubled;
    }
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
        return Chain.Rule(g, T.MulAdd(T.Max(T.Of(-50), T.Min(T.Of(50), x)), density, distribution));
    }
}

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
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        T s = LaneMath.Sigmoid(Argument(x, x * x));
        return T.Max(T.Of(-30), x) * s;
    }

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
        return T.SelectEqual(g, T.Of(0), g, g * s * T.MulAdd(bounded * rest, slope, T.Of(1)));
    }
}
