namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>
    /// The sine. Its relative precision holds up to |x| = 102,000 (float32) or 1,600,000 (float64); beyond, the result stays in
    /// [-1, 1] but is soon without meaning. An infinite x gives NaN.
    /// </summary>
    /// <remarks>float32: 2.99 ULP in that range; float64: 2.29 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sin<T>(T x) where T : unmanaged, ILane<T>
    {
        T q = T.Round(x * T.Of(2 / Math.PI));
        return T.SelectEqual(x, T.Of(0), x, SineOfQuarterTurns(SubtractQuarterTurns(x, q), q));
    }

    /// <summary>
    /// The cosine. Its relative precision holds up to |x| = 102,000 (float32) or 1,600,000 (float64); beyond, the result stays in
    /// [-1, 1] but is soon without meaning. An infinite x gives NaN.
    /// </summary>
    /// <remarks>float32: 3.22 ULP in that range; float64: 2.28 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Cos<T>(T x) where T : unmanaged, ILane<T>
    {
        // cos x = sin(x + pi/2): a quarter turn more, of the same remainder.
        T q = T.Round(x * T.Of(2 / Math.PI));
        return SineOfQuarterTurns(SubtractQuarterTurns(x, q), q + T.Of(1));
    }

    /// <summary>
    /// x - q pi/2. The parts of pi/2 are so short that q times each is exact as long as q has 16 (20) bits: no
    /// digit is lost when x is close to a zero, with or without fused multiply-adds (Cody and Waite).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SubtractQuarterTurns<T>(T x, T q) where T : unmanaged, ILane<T>
    {
        T r;
        if (T.IsDouble)
        {
            r = T.MulAdd(q, T.Of(-1.5707963267341256), x);
            r = T.MulAdd(q, T.Of(-6.077100506303966e-11), r);
            r = T.MulAdd(q, T.Of(-2.0222662487111665e-21), r);
            r = T.MulAdd(q, T.Of(-8.4784276603689e-32), r);
        }
        else
        {
            r = T.MulAdd(q, T.Of(-1.5703125), x);
            r = T.MulAdd(q, T.Of(-0.0004825592041015625), r);
            r = T.MulAdd(q, T.Of(-1.2665987014770508e-06), r);
            r = T.MulAdd(q, T.Of(-9.89530235528946e-10), r);
            r = T.MulAdd(q, T.Of(-2.5579538487363607e-12), r);
            r = T.MulAdd(q, T.Of(-5.384581669432009e-15), r);
            r = T.MulAdd(q, T.Of(-5.721188726109832e-18), r);
        }

        // q was rounded in the precision of x, so that r may go a little beyond pi/4; it goes far beyond only where x is out of range.
        T bound = T.Of(T.IsDouble ? 0.7856 : 0.796);
        return T.Min(bound, T.Max(-bound, r));
    }

    /// <summary>sin(r + q pi/2): sin r, cos r, -sin r, -cos r for q = 0, 1, 2, 3 and so on round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SineOfQuarterTurns<T>(T r, T q) where T : unmanaged, ILane<T>
    {
        T z = r * r;
        T half = T.Of(0.5);
        T halfTurns = T.Round(T.MulAdd(q, half, T.Of(-0.25)));
        T isOdd = T.MulAdd(halfTurns, T.Of(-2), q);
        T y = T.SelectLess(half, isOdd, CosineNearZero(z), SineNearZero(r, z));
        T oddHalfTurns = T.MulAdd(T.Round(halfTurns * half), T.Of(-2), halfTurns);
        return T.SelectLess(half, T.Abs(oddHalfTurns), -y, y);
    }

    /// <summary>sin r = r + r^3 P(z), z = r^2, for |r| up to a little over pi/4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T SineNearZero<T>(T r, T z) where T : unmanaged, ILane<T>
    {
        T p;
        if (T.IsDouble)
        {
            p = Horner(z, T.Of(1.589674485937551e-10), -2.5050757267861516e-08, 2.7557313686700636e-06);
            p = Horner(z, p, -0.00019841269829793366, 0.008333333333322396);
            p = T.MulAdd(z, p, T.Of(-0.16666666666666632));
        }
        else
        {
            p = T.MulAdd(z, T.Of(-0.0001950856385519728), T.Of(0.008332114666700363));
            p = T.MulAdd(z, p, T.Of(-0.16666653752326965));
        }

        return T.MulAdd(r * z, p, r);
    }

    /// <summary>cos r = 1 - z/2 + z^2 P(z), z = r^2, for |r| up to a little over pi/4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T CosineNearZero<T>(T z) where T : unmanaged, ILane<T>
    {
        T p;
        if (T.IsDouble)
        {
            p = Horner(z, T.Of(-1.1359613183969907e-11), 2.0875722628135723e-09, -2.7557314347769894e-07);
            p = Horner(z, p, 2.4801587289467063e-05, -0.00138888888888741);
            p = T.MulAdd(z, p, T.Of(0.0416666666666666));
        }
        else
        {
            p = T.MulAdd(z, T.Of(2.4428654796793126e-05), T.Of(-0.0013887283857911825));
            p = T.MulAdd(z, p, T.Of(0.04166664555668831));
        }

        return T.MulAdd(z * z, p, T.MulAdd(z, T.Of(-0.5), T.Of(1)));
    }
}
