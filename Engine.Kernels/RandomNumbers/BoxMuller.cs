using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// Two normal numbers from two uniform ones (Box and Muller, "A note on the generation of random normal deviates", 1958):
/// sqrt(-2 log u) (cos 2 pi v, sin 2 pi v).
/// </summary>
internal static class BoxMuller
{
    /// <summary>The pair for u in (0, 1] and four times v in [0, 4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Pair<T>(T u, T quarterTurns, out T first, out T second) where T : unmanaged, ILane<T>
    {
        T radius = T.Sqrt(LaneMath.Log(u) * T.Of(-2));

        // The remainder in quarter turns is exact. q = 0, 1, 2, 3, 4 give the sine s, c, -s, -c, s and the cosine c, -s, -c, s, c of it.
        T q = T.Round(quarterTurns);
        T r = (quarterTurns - q) * T.Of(Math.PI / 2);
        T z = r * r;
        T s = LaneMath.SineNearZero(r, z);
        T c = LaneMath.CosineNearZero(z);
        T half = T.Of(0.5);
        T isOdd = T.Abs(T.MulAdd(T.Round(q * half), T.Of(-2), q));
        T sine = T.SelectLess(half, isOdd, c, s);
        T cosine = T.SelectLess(half, isOdd, s, c);
        first = radius * T.SelectLess(T.Abs(q - T.Of(1.5)), T.Of(1), -cosine, cosine);
        second = radius * T.SelectLess(T.Abs(q - T.Of(2.5)), T.Of(1), -sine, sine);
    }
}
