namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// Dropout (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks from
/// overfitting", 2014), scaled in training. The mask is a function of key and offset and is never stored: the backward pass runs
/// the same kernel on the gradient.
/// </summary>
public static class RandomDropout
{
    /// <summary>
    /// y = x / (1 - p) where an element is kept, 0 where it is dropped. Element i is kept when u &gt;= p, u being the float32 number in
    /// [0, 1) that <see cref="RandomUniform"/> makes at index <paramref name="offset"/> + i: the same mask in float32 and float64.
    /// </summary>
    /// <param name="x">The input, of any shape: float32 or float64.</param>
    /// <param name="y">The result, of as many elements and the same type; may be <paramref name="x"/> itself.</param>
    /// <param name="p">The probability that an element is dropped, in [0, 1).</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="p"/> is not in [0, 1); lengths, types or devices differ; the type or the offset does not fit.
    /// </exception>
    public static void Run(Storage x, Storage y, float p, ulong key, long offset)
    {
        ArgumentNullException.ThrowIfNull(x);
        RandomOperation.Check(nameof(RandomDropout), y, offset);
        Device device = Arguments.OneDevice(nameof(RandomDropout), x, y);
        Arguments.OneType(nameof(RandomDropout), x, y);
        Arguments.Length(nameof(RandomDropout), nameof(x), x, y.Length);
        RandomOperation.CheckProbability(nameof(RandomDropout), p, oneAllowed: false);
        RandomOperation.Run(device, x, y, new Operation(p), key, offset);
    }

    internal readonly struct Operation(float p) : IRandomOperation
    {
        private readonly double _scale = 1 / (1.0 - p);

        public static bool TakesLowWords => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T, TWords>(TWords words, ref T y0, ref T y1)
            where T : unmanaged, ILane<T>
            where TWords : struct, IRandomWords<T>
        {
            T threshold = T.Of(p) * T.Of(1 << 24), scale = T.Of(_scale);
            y0 = T.SelectLess(words.First(8), threshold, T.Of(0), y0 * scale);
            y1 = T.SelectLess(words.Second(8), threshold, T.Of(0), y1 * scale);
        }
    }
}
