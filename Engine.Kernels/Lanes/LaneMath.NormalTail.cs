using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>
    /// log Q(x), the logarithm of the probability that a standard normal number is larger than x: finite and accurate however small Q is.
    /// </summary>
    /// <remarks>The error is at most 1e-6 in float32 and 1e-14 in float64, of log Q or of 1, whichever is larger in magnitude.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogNormalTail<T>(T x) where T : unmanaged, ILane<T>
    {
        T tail = T.MulAdd(x * x, T.Of(-0.5), LogTailOverDensity(T.Abs(x)) - T.Of(0.91893853320467274));

        // Q(x) = 1 - Q(-x)
        return T.SelectLess(x, T.Of(0), Log1p(-Exp(tail)), tail);
    }

    /// <summary>
    /// log(Q(x) / phi(x)) for x &gt;= 0, with phi the standard normal density: of the order of -log x, so that no large square is in it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogTailOverDensity<T>(T x) where T : unmanaged, ILane<T>
    {
        // For u = x / sqrt 2 and t = 2 / (2 + u), log erfc(u) + u² - log t is smooth in t, from t = 1 at the middle to t = 0 at infinity; Q
        // = erfc(u) / 2.
        T t = T.Of(2) / T.MulAdd(x, T.Of(0.70710678118654752), T.Of(2));
        return Log(t) + TailPolynomial(T.MulAdd(T.Of(2), t, T.Of(-1))) + T.Of(0.22579135264472743);
    }

    /// <summary>phi(x) / Q(x), the density over the probability of what is larger: from 0 on the left to about x on the right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalHazard<T>(T x) where T : unmanaged, ILane<T>
    {
        T log = T.SelectLess(x, T.Of(0), LogNormalTail(x) + T.MulAdd(x * x, T.Of(0.5), T.Of(0.91893853320467274)),
            LogTailOverDensity(T.Abs(x)));
        return Exp(-log);
    }

    /// <summary>
    /// log erfc(u) + u² - log t in w = 2 t - 1, for u &gt;= 0: its Chebyshev series, which is cut where the rest is below rounding, as a
    /// polynomial.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TailPolynomial<T>(T w) where T : unmanaged, ILane<T>
    {
        T p;
        if (T.IsDouble)
        {
            p = T.MulAdd(w, T.Of(6.7149203936019765e-12), T.Of(-1.8902306008944537e-09));
            p = T.MulAdd(w, p, T.Of(4.013877704214506e-09));
            p = T.MulAdd(w, p, T.Of(1.1172352263623759e-08));
            p = T.MulAdd(w, p, T.Of(-3.9024931626661816e-08));
            p = T.MulAdd(w, p, T.Of(1.4448658046252676e-09));
            p = T.MulAdd(w, p, T.Of(1.5307318366323928e-07));
            p = T.MulAdd(w, p, T.Of(-2.495832761719667e-07));
            p = T.MulAdd(w, p, T.Of(-1.6817283194044123e-07));
            p = T.MulAdd(w, p, T.Of(1.2500276612569754e-06));
            p = T.MulAdd(w, p, T.Of(-1.2725805279147717e-06));
            p = T.MulAdd(w, p, T.Of(-2.947986876998259e-06));
            p = T.MulAdd(w, p, T.Of(8.562779099386524e-06));
            p = T.MulAdd(w, p, T.Of(1.3772664134464417e-07));
            p = T.MulAdd(w, p, T.Of(-3.0187948093951486e-05));
            p = T.MulAdd(w, p, T.Of(3.17451797494374e-05));
            p = T.MulAdd(w, p, T.Of(7.140103219748502e-05));
            p = T.MulAdd(w, p, T.Of(-0.0001743029472030762));
            p = T.MulAdd(w, p, T.Of(-9.373503465815823e-05));
            p = T.MulAdd(w, p, T.Of(0.000673678795580235));
            p = T.MulAdd(w, p, T.Of(-0.0001462468629421063));
            p = T.MulAdd(w, p, T.Of(-0.002345812500482853));
            p = T.MulAdd(w, p, T.Of(0.001758933557766382));
            p = T.MulAdd(w, p, T.Of(0.008824938557060623));
            p = T.MulAdd(w, p, T.Of(-0.009872689366388684));
            p = T.MulAdd(w, p, T.Of(-0.0468956102311753));
            p = T.MulAdd(w, p, T.Of(0.04734330684190441));
            p = T.MulAdd(w, p, T.Of(0.6726432239776567));
            return T.MulAdd(w, p, T.Of(-0.6717940840566923));
        }

        p = T.MulAdd(w, T.Of(-8.72838102e-05), T.Of(8.00073816e-06));
        p = T.MulAdd(w, p, T.Of(0.000573766372));
        p = T.MulAdd(w, p, T.Of(-0.000227910966));
        p = T.MulAdd(w, p, T.Of(-0.00228876524));
        p = T.MulAdd(w, p, T.Of(0.00179406625));
        p = T.MulAdd(w, p, T.Of(0.00880882537));
        p = T.MulAdd(w, p, T.Of(-0.00988001932));
        p = T.MulAdd(w, p, T.Of(-0.0468936406));
        p = T.MulAdd(w, p, T.Of(0.0473438876));
        p = T.MulAdd(w, p, T.Of(0.672643155));
        return T.MulAdd(w, p, T.Of(-0.671794092));
    }
}
