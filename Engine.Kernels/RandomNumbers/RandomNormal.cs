namespace Engine.Kernels.RandomNumbers;

/// <summary>Normal random numbers.</summary>
public static class RandomNormal
{
    /// <summary>
    /// Writes mean + std z to every element of <paramref name="y"/>, z standard normal, by Box and Muller's transform. Element i depends on
    /// <paramref name="key"/> and <paramref name="offset"/> + i alone. The tails reach |z| = 6.7 in float32 and 9.4 in float64, as
    /// 32 and 64 random bits give them; elsewhere float64 gives the numbers of float32 to more digits.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="std">The standard deviation, not negative.</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="mean"/> is not finite, <paramref name="std"/> is negative or not finite; the type or the offset does not fit.
    /// </exception>
    public static void Run(Storage y, double mean, double std, ulong key, long offset)
    {
        Device device = RandomOperation.Check(nameof(RandomNormal), y, offset);
        if (!double.IsFinite(mean)) throw new ArgumentException($"{nameof(RandomNormal)}: the mean must be finite, found {mean}.");
        if (!double.IsFinite(std) || std < 0)
            throw new ArgumentException($"{nameof(RandomNormal)}: the standard deviation must be finite and not negative, found {std}.");
        RandomOperation.Run(device, null, y, new Operation(mean, std), key, offset);
    }

    internal readonly struct Operation(double mean, double std) : IRandomOperation
    {
        public static bool TakesLowWords => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T, TWords>(TWords words, ref T y0, ref T y1)
            where T : unmanaged, ILane<T>
            where TWords : struct, IRandomWords<T>
        {
            T step = T.Of(1.0 / (1L << 32)), half = T.Of(0.5), u, quarterTurns;
            if (T.IsDouble)
            {
                // Half a step is added, so that u is not zero.
                u = (words.First(0) + (words.FirstLow(0) + half) * step) * step;
                quarterTurns = (words.Second(0) + words.SecondLow(0) * step) * step * T.Of(4);
            }
            else
            {
                // 23 bits and a half of the angle are exact in float32, and no value is exactly zero.
                u = (words.First(0) + half) * step;
                quarterTurns = (words.Second(9) + half) * T.Of(4.0 / (1 << 23));
            }

            BoxMuller.Pair(u, quarterTurns, out T first, out T second);
            y0 = T.MulAdd(first, T.Of(std), T.Of(mean));
            y1 = T.MulAdd(second, T.Of(std), T.Of(mean));
        }
    }
}

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
