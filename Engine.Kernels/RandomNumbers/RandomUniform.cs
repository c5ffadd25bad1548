namespace Engine.Kernels.RandomNumbers;

/// <summary>Uniform random numbers in [low, high).</summary>
public static class RandomUniform
{
    /// <summary>
    /// Writes low + (high - low) u to every element of <paramref name="y"/>, where u is a multiple of 2^-24 (float32) or 2^-53
    /// (float64) in [0, 1). Element i depends on <paramref name="key"/> and <paramref name="offset"/> + i alone; the u of float32 is
    /// that of float64, rounded down.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The upper bound, which is never reached.</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// The range is empty or infinite, also after rounding to the type of <paramref name="y"/>; the type or the offset does not fit.
    /// </exception>
    public static void Run(Storage y, double low, double high, ulong key, long offset)
    {
        Device device = RandomOperation.Check(nameof(RandomUniform), y, offset);
        bool fits = y.DType == DType.Float64
            ? low < high && double.IsFinite(high - low)
            : (float)low < (float)high && float.IsFinite((float)high - (float)low);
        if (!fits)
            throw new ArgumentException(
                $"{nameof(RandomUniform)}: low must be less than high and both finite in {y.DType}, found [{low}, {high}).");
        double last = y.DType == DType.Float64 ? Math.BitDecrement(high) : MathF.BitDecrement((float)high);
        double width = y.DType == DType.Float64 ? high - low : (float)high - (float)low;
        RandomOperation.Run(device, null, y, new Operation(low, width, last), key, offset);
    }

    internal readonly struct Operation(double low, double width, double last) : IRandomOperation
    {
        public static bool TakesLowWords => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T, TWords>(TWords words, ref T y0, ref T y1)
            where T : unmanaged, ILane<T>
            where TWords : struct, IRandomWords<T>
        {
            if (T.IsDouble)
            {
                // All of a word and 21 bits of the low word: exact.
                T step = T.Of(1.0 / (1L << 32)), lowStep = T.Of(1.0 / (1L << 53));
                y0 = Scaled(words.First(0) * step + words.FirstLow(11) * lowStep);
                y1 = Scaled(words.Second(0) * step + words.SecondLow(11) * lowStep);
            }
            else
            {
                // The upper 24 bits of a word: exact.
                T step = T.Of(1.0 / (1 << 24));
                y0 = Scaled(words.First(8) * step);
                y1 = Scaled(words.Second(8) * step);
            }
        }

        // Not fused, so that every machine rounds alike, unless a compiler for GPUs fuses it: then the last bit differs where the product
        // is not exact. The sum can round up to high, which does not belong to the range.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Scaled<T>(T u) where T : unmanaged, ILane<T> => T.Min(T.Of(last), T.Of(low) + u * T.Of(width));
    }
}
