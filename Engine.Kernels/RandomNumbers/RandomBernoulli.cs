namespace Engine.Kernels.RandomNumbers;

/// <summary>Ones with a given probability, zeros otherwise.</summary>
public static class RandomBernoulli
{
    /// <summary>
    /// Writes 1 to an element of <paramref name="y"/> where u &lt; p and 0 elsewhere, u being the float32 number in [0, 1) that
    /// <see cref="RandomUniform"/> makes at that index: the same outcomes in float32 and float64.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="p">The probability of a one, in [0, 1].</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="p"/> is no probability; the type or the offset does not fit.</exception>
    public static void Run(Storage y, float p, ulong key, long offset)
    {
        Device device = RandomOperation.Check(nameof(RandomBernoulli), y, offset);
        RandomOperation.CheckProbability(nameof(RandomBernoulli), p, oneAllowed: true);
        RandomOperation.Run(device, null, y, new Operation(p), key, offset);
    }

    internal readonly struct Operation(float p) : IRandomOperation
    {
        public static bool TakesLowWords => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T, TWords>(TWords words, ref T y0, ref T y1)
            where T : unmanaged, ILane<T>
            where TWords : struct, IRandomWords<T>
        {
            // u < p is u 2^24 < p 2^24, and both products are exact.
            T threshold = T.Of(p) * T.Of(1 << 24);
            y0 = T.SelectLess(words.First(8), threshold, T.Of(1), T.Of(0));
            y1 = T.SelectLess(words.Second(8), threshold, T.Of(1), T.Of(0));
        }
    }
}
