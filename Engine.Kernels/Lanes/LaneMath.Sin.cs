using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>
    /// The sine. Its relative precision holds up to |x| = 102,000 (float32) or 1,600,000 (float64); beyond, the result stays in
    /// [-1, 1] but is soon without meaning. An infinite x gives NaN.
    /// </summary>
    /// <remarks>float32: SINF ULP in that range; float64: SIND ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sin<T>(T x) where T : unmanaged, ILane<T>
    {
        // x = n pi + r, |r| <= pi/2: sin x = (-1)^n sin r.
        T n = T.Round(x * T.Of(1 / Math.PI));
        T y = SineNearZero(SubtractHalfTurns(x, n + n)) * SignOfParity(n);
        return T.SelectEqual(x, T.Of(0), x, y);
    }

    /// <summary>
    /// The cosine. Its relative precision holds up to |x| = 102,000 (float32) or 1,600,000 (float64); beyond, the result stays in
    /// [-1, 1] but is soon without meaning. An infinite x gives NaN.
    /// </summary>
    /// <remarks>float32: COSF ULP in that range; float64: COSD ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Cos<T>(T x) where T : unmanaged, ILane<T>
    {
        // x = (n + 1/2) pi + r, |r| <= pi/2: cos x = -(-1)^n sin r. So the zeros of the cosine are zeros of r.
        T n = T.Round(T.MulAdd(x, T.Of(1 / Math.PI), T.Of(-0.5)));
        return -(SineNearZero(SubtractHalfTurns(x, n + n + T.Of(1))) * SignOfParity(n));
    }

    /// <summary>(-1)^n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SignOfParity<T>(T n) where T : unmanaged, ILane<T>
    {
        T odd = T.MulAdd(T.Round(n * T.Of(0.5)), T.Of(-2), n);
        return T.MulAdd(odd * T.Of(-2), odd, T.Of(1));
    }

    /// <summary>
    /// x - q pi/2, some pi/2 at most. The parts of pi/2 are so short that q times each is exact as long as q has 16 (20) bits: no
    /// digit is lost when x is close to a zero, with or without fused multiply-adds (Cody and Waite).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SubtractHalfTurns<T>(T x, T q) where T : unmanaged, ILane<T>
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

        // The number of half turns was rounded in the precision of x, so that r may go a little beyond pi/2.
        T bound = T.Of(T.IsDouble ? 1.571 : 1.585);
        return T.Min(bound, T.Max(-bound, r));
    }

    /// <summary>sin r for |r| &lt;= 1.571 (float32: 1.585): r + r^3 P(r^2), P minimax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SineNearZero<T>(T r) where T : unmanaged, ILane<T>
    {
        T z = r * r;
        T p;
        if (T.IsDouble)
        {
            p = T.MulAdd(z, T.Of(2.721084860604755e-15), T.Of(-7.642983108683916e-13));
            p = T.MulAdd(z, p, T.Of(1.6058939390978128e-10));
            p = T.MulAdd(z, p, T.Of(-2.5052106866686447e-08));
            p = T.MulAdd(z, p, T.Of(2.75573192110722e-06));
            p = T.MulAdd(z, p, T.Of(-0.0001984126984120885));
            p = T.MulAdd(z, p, T.Of(0.008333333333333193));
            p = T.MulAdd(z, p, T.Of(-0.16666666666666666));
        }
        else
        {
            p = T.MulAdd(z, T.Of(-2.3867837484203847e-08), T.Of(2.7524206416273955e-06));
            p = T.MulAdd(z, p, T.Of(-0.00019840845197904855));
            p = T.MulAdd(z, p, T.Of(0.008333330973982811));
            p = T.MulAdd(z, p, T.Of(-0.1666666716337204));
        }

        return T.MulAdd(r * z, p, r);
    }
}
