using Engine.Kernels.Norms;

namespace Engine.Kernels.Elementwise;

/// <summary>x + y.</summary>
public readonly struct Add : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => x + y;
}

/// <summary>x - y.</summary>
public readonly struct Subtract : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => x - y;
}

/// <summary>x y.</summary>
public readonly struct Multiply : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => x * y;
}

/// <summary>x / y.</summary>
public readonly struct Divide : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => x / y;
}

/// <summary>scale x + offset, for two constants: adding, subtracting and multiplying by constants.</summary>
/// <param name="scale">The factor.</param>
/// <param name="offset">The summand.</param>
public readonly struct Affine(double scale, double offset) : IUnaryOp
{
    private readonly LaneConstant _scale = new(scale), _offset = new(offset);

    internal double Scale => _scale.Value;

    internal double Offset => _offset.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.MulAdd(x, _scale.As<T>(), _offset.As<T>());
}

/// <summary>numerator / x, for a constant numerator.</summary>
/// <param name="numerator">The numerator.</param>
public readonly struct Reciprocal(double numerator) : IUnaryOp
{
    private readonly LaneConstant _numerator = new(numerator);

    internal double Numerator => _numerator.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => _numerator.As<T>() / x;
}

/// <summary>x / divisor, for a constant divisor, correctly rounded.</summary>
/// <param name="divisor">The divisor.</param>
public readonly struct DivideBy(double divisor) : IUnaryOp
{
    private readonly LaneConstant _divisor = new(divisor);

    internal double Divisor => _divisor.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x / _divisor.As<T>();
}

/// <summary>1 / sqrt(variance + epsilon)</summary>
/// <param name="epsilon">What is added to the variance.</param>
public readonly struct ReciprocalDeviation(double epsilon) : IUnaryOp
{
    private readonly LaneConstant _epsilon = new(epsilon);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T variance) where T : unmanaged, ILane<T> => ChannelStatistics.ReciprocalDeviation(variance, _epsilon.As<T>());
}

/// <summary>|x|.</summary>
public readonly struct Abs : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Abs(x);
}

/// <summary>-1, 0 or 1 by the sign of x; NaN for NaN.</summary>
public readonly struct Sign : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> =>
        T.SelectEqual(x, T.Of(0), T.Of(0), T.SelectEqual(x, x, T.CopySign(T.Of(1), x), x));
}

/// <summary>dx = g sign(x), 0 where x is 0.</summary>
public readonly struct AbsGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> => default(Weighted).Apply(g, default(Sign).Apply(x));
}

/// <summary>x².</summary>
public readonly struct Square : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x * x;
}

/// <summary>The square root of x.</summary>
public readonly struct Sqrt : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Sqrt(x);
}

/// <summary>The larger of x and y; NaN if either is.</summary>
public readonly struct Maximum : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.Max(x, y);
}

/// <summary>The smaller of x and y; NaN if either is.</summary>
public readonly struct Minimum : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.Min(x, y);
}

/// <summary>
/// The share of a gradient that the larger of two arguments takes: 1 where x is larger, 0.5 where they are equal, 0 elsewhere. NaN is
/// larger than everything but NaN, as it is what the maximum is then.
/// </summary>
public readonly struct LargerShare : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T>
    {
        T one = T.Of(1), half = T.Of(0.5), zero = T.Of(0);
        T unordered = T.SelectEqual(x, x, zero, T.SelectEqual(y, y, one, half));
        return T.SelectLess(y, x, one, T.SelectLess(x, y, zero, T.SelectEqual(x, y, half, unordered)));
    }
}

/// <summary>
/// The share of a gradient that the smaller of two arguments takes: 1 where x is smaller, 0.5 where they are equal, 0 elsewhere. NaN is
/// smaller than everything but NaN, as it is what the minimum is then.
/// </summary>
public readonly struct SmallerShare : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => default(LargerShare).Apply(-x, -y);
}

/// <summary>g times the share of x in the maximum of x and y.</summary>
public readonly struct MaximumGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T y) where T : unmanaged, ILane<T> => default(Weighted).Apply(g, default(LargerShare).Apply(x, y));
}

/// <summary>g times the share of x in the minimum of x and y.</summary>
public readonly struct MinimumGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T y) where T : unmanaged, ILane<T> => default(Weighted).Apply(g, default(SmallerShare).Apply(x, y));
}

/// <summary>1 where x and y are the same, infinities of one sign and NaN included; 0 elsewhere.</summary>
public readonly struct Same : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T>
    {
        T one = T.Of(1), zero = T.Of(0);
        return T.SelectEqual(x, y, one, T.SelectEqual(x, x, zero, T.SelectEqual(y, y, zero, one)));
    }
}

/// <summary>x factor, but 0 where the factor is 0, whatever x is: a gradient that is not wanted is left out, infinite or not.</summary>
public readonly struct Weighted : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T factor) where T : unmanaged, ILane<T> => T.SelectEqual(factor, T.Of(0), T.Of(0), x * factor);
}

/// <summary>
/// e^(x - y), where y = log(sum(e^x)): the share of an element in the sum. Where y is infinite, 1 for the elements that are the same and 0
/// for others; <see cref="ShareDivisor"/> makes shares of these.
/// </summary>
public readonly struct ExponentialShare : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T>
    {
        T size = T.Abs(y), infinity = T.Of(double.PositiveInfinity);
        return T.SelectEqual(size, infinity, T.SelectEqual(x, y, T.Of(1), T.Of(0)), LaneMath.Exp(x - y));
    }
}

/// <summary>
/// What <see cref="ExponentialShare"/> has to be divided by: the total of the shares where y is so far from 0 that its rounding counts in
/// them, and where it is infinite; 1 elsewhere.
/// </summary>
public readonly struct ShareDivisor : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T y, T total) where T : unmanaged, ILane<T> =>
        T.SelectLess(T.Abs(y), T.Of(16), T.Of(1), total);
}

/// <summary>1 where x &lt; y, 0.5 where they are equal, 0 elsewhere.</summary>
public readonly struct Less : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.SelectEqual(x, y, T.Of(0.5), T.SelectLess(x, y, T.Of(1), T.Of(0)));
}

/// <summary>x, held between two constants; NaN for NaN.</summary>
/// <param name="low">The smallest value.</param>
/// <param name="high">The largest value.</param>
public readonly struct Clamp(double low, double high) : IUnaryOp
{
    private readonly LaneConstant _low = new(low), _high = new(high);

    internal double Low => _low.Value;

    internal double High => _high.Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Min(T.Max(x, _low.As<T>()), _high.As<T>());
}

/// <summary>dx = g where low &lt;= x &lt;= high and where x is NaN, 0 elsewhere.</summary>
/// <param name="low">The smallest value.</param>
/// <param name="high">The largest value.</param>
public readonly struct ClampGradient(double low, double high) : IBinaryOp
{
    private readonly LaneConstant _low = new(low), _high = new(high);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> =>
        T.SelectLess(x, _low.As<T>(), T.Of(0), T.SelectLess(_high.As<T>(), x, T.Of(0), g));
}

/// <summary>x</summary>
internal readonly struct Identity : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x;
}

/// <summary>The gradient of <see cref="Identity"/>: g.</summary>
internal readonly struct IdentityGradient : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => g;
}
