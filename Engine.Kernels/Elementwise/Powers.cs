namespace Engine.Kernels.Elementwise;

/// <summary>
/// x^n for a whole n other than 0, by repeated squaring: exact wherever all powers up to |n| are, for any sign of x; 1 / x^|n| where n is
/// negative.
/// </summary>
/// <param name="power">n.</param>
public readonly struct WholePower(int power) : IUnaryOp
{
    internal int Exponent => power;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        T result = T.Of(1);
        for (int left = power < 0 ? -power : power; left > 0; left >>= 1)
        {
            if ((left & 1) != 0) result *= x;
            x *= x;
        }

        return power < 0 ? T.Of(1) / result : result;
    }
}

/// <summary>
/// x^0.5, as IEEE 754 defines the power: the square root, but for 0 at -0 and infinity at -infinity. NaN for other negative x.
/// </summary>
public readonly struct HalfPower : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> =>
        T.SelectEqual(x, T.Of(double.NegativeInfinity), T.Of(double.PositiveInfinity), T.Sqrt(x + T.Of(0)));
}

/// <summary>
/// c log x, of which <see cref="Exp"/> makes x^c, as IEEE 754 defines it for a c that is no whole number: NaN for x &lt; 0, but as for |x|
/// at -0 and -infinity.
/// </summary>
/// <param name="power">c.</param>
public readonly struct PowerLog(double power) : IUnaryOp
{
    private readonly LaneConstant _power = new(power);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        T infinity = T.Of(double.PositiveInfinity);
        return LaneMath.Log(T.SelectEqual(x, -infinity, infinity, x)) * _power.As<T>();
    }
}

/// <summary>
/// x^c for any c, as IEEE 754 defines it: |x|^c = e^(c log |x|), with the sign of x where c is odd; NaN for x &lt; 0 where c is no whole
/// number, infinity for x = 0 and c &lt; 0; 1 where c is 0 or x is 1, NaN or not.
/// </summary>
public readonly struct Power : IUnaryOp
{
    private readonly double _power;
    private readonly int _kind;

    internal double Exponent => _power;

    /// <summary>Creates the operation.</summary>
    /// <param name="power">c.</param>
    public Power(double power)
    {
        _power = power;

        // 0: c is zero; 1: no whole number; 2: even, as all values from 2^53 on and infinities are; 3: odd.
        _kind = power == 0 ? 0 : double.IsNaN(power) || Math.Floor(power) != power ? 1 : Math.Abs(power % 2) == 1 ? 3 : 2;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        T one = T.Of(1), zero = T.Of(0), size = T.Abs(x);
        if (_kind == 0) return one;
        T y = LaneMath.Exp(T.MulAdd(LaneMath.Log(size), T.Of(_power), zero));
        if (_kind == 3) return T.CopySign(y, x);

        // Only an infinite exponent needs this at |x| = 1, and only an exponent of NaN at x = 1: c log 1 is 0 for every other.
        if (_kind == 2) return T.SelectEqual(size, one, one, y);
        y = T.SelectLess(x, zero, T.SelectEqual(size, T.Of(double.PositiveInfinity), y, T.Of(double.NaN)), y);
        return T.SelectEqual(x, one, one, y);
    }
}
