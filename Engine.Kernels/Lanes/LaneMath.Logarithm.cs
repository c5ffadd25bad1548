namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>The natural logarithm: -infinity at 0, NaN below.</summary>
    /// <remarks>float32: 0.83 ULP over all x; float64: 0.85 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x) where T : unmanaged, ILane<T>
    {
        // Subnormals are lifted by 2^54 (2^24) first.
        T smallest = T.Of(T.IsDouble ? 2.2250738585072014e-308 : 1.1754943508222875e-38);
        T normal = T.SelectLess(x, smallest, x * T.Of(T.IsDouble ? 18014398509481984.0 : 16777216.0), x);
        T lift = T.SelectLess(x, smallest, T.Of(T.IsDouble ? -54 : -24), T.Of(0));

        // x = m 2^e with m in [1/sqrt 2, sqrt 2): log x = e log 2 + log(1 + (m - 1)).
        T m = T.Mantissa(normal);
        T e = T.Exponent(normal) + lift;
        T above = T.Of(Sqrt2);
        e = T.SelectLess(above, m, e + T.Of(1), e);
        m = T.SelectLess(above, m, m * T.Of(0.5), m);
        T y = LogFromParts(m - T.Of(1), e);
        return LogSpecial(x, x, y);
    }

    /// <summary>log(1 + x), with full relative precision near 0: -infinity at -1, NaN below.</summary>
    /// <remarks>float32: 1.46 ULP over all x; float64: 1.22 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log1p<T>(T x) where T : unmanaged, ILane<T>
    {
        // 1 + x, rounded, gives the exponent e; the mantissa less one is then taken from x itself: 2^-e (1 + x) - 1 = 2^-e x + (2^-e - 1).
        T u = T.Of(1) + x;
        T m = T.Mantissa(u);
        T e = T.Exponent(u);
        e = T.SelectLess(T.Of(Sqrt2), m, e + T.Of(1), e);
        T scale = T.PowerOfTwo(-e);
        T f = T.MulAdd(x, scale, scale - T.Of(1));

        // So large that 2^-e is no normal number, and the one is lost beside x.
        T large = T.Of(T.IsDouble ? 1e300 : 1e30);
        f = T.SelectLess(large, u, T.SelectLess(T.Of(Sqrt2), m, m * T.Of(0.5), m) - T.Of(1), f);
        return T.SelectEqual(x, T.Of(0), x, LogSpecial(u, x, LogFromParts(f, e)));
    }

    private const double Sqrt2 = 1.4142135623730951;

    /// <summary>
    /// e log 2 + log(1 + f), added up from the small to the large; log 2 in two parts, the first so short that e times it is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogFromParts<T>(T f, T e) where T : unmanaged, ILane<T>
    {
        T low = T.MulAdd(e, T.Of(T.IsDouble ? 1.6465949582897082e-12 : 3.1946184945309415e-05), LogTail(f));
        return T.MulAdd(e, T.Of(T.IsDouble ? 0.6931471805582987 : 0.693115234375), f + low);
    }

    /// <summary>The logarithm's special values: for u = 0, u &lt; 0, and for x infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogSpecial<T>(T u, T x, T y) where T : unmanaged, ILane<T>
    {
        T infinity = T.Of(double.PositiveInfinity);
        T outside = T.SelectEqual(u, T.Of(0), -infinity, T.Of(double.NaN));
        return T.SelectLess(T.Of(0), u, T.SelectLess(x, infinity, y, x), outside);
    }

    /// <summary>log(1 + f) - f for f in [1/sqrt 2 - 1, sqrt 2 - 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogTail<T>(T f) where T : unmanaged, ILane<T>
    {
        if (T.IsDouble)
        {
            // With s = f / (2 + f): log(1 + f) = 2 s + s R(s^2) = f - (f^2/2 - s (f^2/2 + R)); the last form keeps what f - 2 s would lose.
            T s = f / (T.Of(2) + f);
            T z = s * s;
            T p = Horner(z, T.Of(0.1479662425948789), 0.15313986841148744, 0.181835666643296, 0.22222198531285986, 0.2857142874276374);
            p = Horner(z, p, 0.39999999999413144, 0.6666666666666735);
            T half = f * f * T.Of(0.5);
            return T.MulAdd(s, T.MulAdd(z, p, half), -half);
        }

        // log(1 + f) = f - f^2/2 + f^3 P(f), P minimax.
        T q = Horner(f, T.Of(0.06917396932840347), -0.11792019009590149, 0.1187325119972229, -0.12384015321731567, 0.14218585193157196);
        q = Horner(f, q, -0.16669265925884247, 0.20002231001853943, -0.24999986588954926, 0.3333331048488617);
        return f * f * T.MulAdd(f, q, T.Of(-0.5));
    }

    /// <summary>log(1 + e^x): e^x for very negative x, x for very large x, with full relative precision throughout.</summary>
    /// <remarks>float32: 1.72 ULP over all x; float64: 1.62 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x) where T : unmanaged, ILane<T>
    {
        // log(1 + e^x) = max(x, 0) + log(1 + z), z = e^-|x| in [0, 1]; and from sqrt 2 up log(1 + z) = log 2 + log((1 + z) / 2).
        T z = Exp(-T.Abs(x));
        T split = T.Of(Sqrt2 - 1);
        T f = T.SelectLess(split, z, (z - T.Of(1)) * T.Of(0.5), z);
        T e = T.SelectLess(split, z, T.Of(1), T.Of(0));
        return T.Max(T.Of(0), x) + LogFromParts(f, e);
    }
}
