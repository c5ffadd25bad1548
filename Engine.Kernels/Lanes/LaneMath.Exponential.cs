namespace Engine.Kernels.Lanes;

/// <summary>
/// Elementary functions on lanes: branch-free, of the lane's operations alone, so that the host's vectors and a GPU's scalars compute them
/// the same way. NaN gives NaN.
/// </summary>
/// <remarks>
/// The largest error that was measured stands with each function, in units in the last place (ULP) of the exact result, with fused
/// multiply-adds or without, whichever was larger: over every 127th of all float32 numbers, and over half a million float64 numbers in
/// each of several ranges, against 31 digits.
/// </remarks>
public static partial class LaneMath
{
    /// <summary>e^x. Subnormal results are rounded correctly to zero, large ones to infinity.</summary>
    /// <remarks>float32: 0.99 ULP over all x; float64: 1.00 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ILane<T>
    {
        // x = n log 2 + r, e^x = 2^n e^r. Outside these bounds e^x is zero or infinite; the constant comes first so that NaN costs nothing.
        x = T.Min(T.Of(T.IsDouble ? 710.0 : 89.0), T.Max(T.Of(T.IsDouble ? -745.2 : -104.0), x));
        T n = T.Round(x * T.Of(Log2E));
        return T.Scale(T.Of(1) + ExpMinusOneNearZero(x, n), n);
    }

    /// <summary>e^x, held at a number from which on its square is infinite: a factor that makes no NaN of 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T ExpFinite<T>(T x) where T : unmanaged, ILane<T> => Exp(T.Min(T.Of(T.IsDouble ? 709.0 : 88.0), x));

    /// <summary>
    /// e^x, held among the numbers that are neither 0, subnormal nor infinite: a factor that makes no NaN of 0 or of infinity, where one so
    /// small counts for nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T ExpNormal<T>(T x) where T : unmanaged, ILane<T>
    {
        x = T.Min(T.Of(T.IsDouble ? 709.0 : 88.0), T.Max(T.Of(T.IsDouble ? -708.0 : -87.0), x));
        T n = T.Round(x * T.Of(Log2E));
        return (T.Of(1) + ExpMinusOneNearZero(x, n)) * T.PowerOfTwo(n);
    }

    /// <summary>e^x - 1, with full relative precision near 0.</summary>
    /// <remarks>float32: 1.53 ULP over all x; float64: 2.06 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Expm1<T>(T x) where T : unmanaged, ILane<T>
    {
        // e^x - 1 = 2^n ((e^r - 1) + (1 - 2^-n)), where the second difference is exact or loses nothing that counts.
        T bounded = T.Min(T.Of(T.IsDouble ? 710.0 : 89.0), T.Max(T.Of(T.IsDouble ? -40.0 : -20.0), x));
        T n = T.Round(bounded * T.Of(Log2E));
        T inverse = T.PowerOfTwo(T.Max(T.Of(T.IsDouble ? -1022 : -126), -n));
        T y = T.Scale(ExpMinusOneNearZero(bounded, n) + (T.Of(1) - inverse), n);
        return T.SelectEqual(x, T.Of(0), x, y);
    }

    private const double Log2E = 1.4426950408889634;

    /// <summary>e^r - 1 for r = x - n log 2 in [-0.35, 0.35], a minimax polynomial.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpMinusOneNearZero<T>(T x, T n) where T : unmanaged, ILane<T>
    {
        // log 2 in two parts, the first so short that n times it is exact.
        T r = T.MulAdd(n, T.Of(T.IsDouble ? -0.6931471805582987 : -0.693115234375), x);
        r = T.MulAdd(n, T.Of(T.IsDouble ? -1.6465949582897082e-12 : -3.1946184945309415e-05), r);
        T q;
        if (T.IsDouble)
        {
            q = Horner(r, T.Of(2.4999780552505882e-08), 2.763062063676235e-07, 2.7557589166131155e-06);
            q = Horner(r, q, 2.4801492136817482e-05, 0.00019841269501357495);
            q = Horner(r, q, 0.0013888888944468653, 0.008333333333497808, 0.04166666666652737, 0.16666666666666405);
            q = T.MulAdd(r, q, T.Of(0.5000000000000011));
        }
        else
        {
            q = Horner(r, T.Of(0.0013814226258546114), 0.00836889911442995, 0.04166840389370918, 0.1666651964187622, 0.4999999403953552);
        }

        return T.MulAdd(r * r, q, r);
    }

    /// <summary>The hyperbolic tangent, with full relative precision near 0.</summary>
    /// <remarks>float32: 2.48 ULP over all x; float64: 2.57 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ILane<T>
    {
        // Beyond the bound tanh rounds to one.
        T bound = T.Of(T.IsDouble ? 40.0 : 20.0);
        T magnitude = T.Abs(x);
        T doubled = T.Min(bound, magnitude + magnitude);

        // tanh |x| = e / (e + 2), e = exp(2 |x|) - 1.
        T n = T.Round(doubled * T.Of(Log2E));
        T power = T.PowerOfTwo(n);
        T e = T.MulAdd(ExpMinusOneNearZero(doubled, n), power, power - T.Of(1));
        return T.CopySign(e / (e + T.Of(2)), x);
    }

    /// <summary>The logistic function 1 / (1 + e^-x); for very negative x it is e^x down to the smallest subnormal number.</summary>
    /// <remarks>float32: 2.25 ULP over all x; float64: 2.18 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ILane<T>
    {
        // With z = e^-|x|, which cannot overflow: z / (1 + z) below zero, 1 / (1 + z) above.
        T z = Exp(-T.Abs(x));
        T one = T.Of(1);
        return T.SelectLess(x, T.Of(0), z, one) / (one + z);
    }

    /// <summary>Two steps of Horner's rule: ((p x) + a) x + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Horner<T>(T x, T p, double a, double b) where T : unmanaged, ILane<T> => T.MulAdd(x, T.MulAdd(x, p, T.Of(a)), T.Of(b));

    /// <summary>Four steps of Horner's rule.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Horner<T>(T x, T p, double a, double b, double c, double d) where T : unmanaged, ILane<T> =>
        T.MulAdd(x, T.MulAdd(x, T.MulAdd(x, T.MulAdd(x, p, T.Of(a)), T.Of(b)), T.Of(c)), T.Of(d));
}
