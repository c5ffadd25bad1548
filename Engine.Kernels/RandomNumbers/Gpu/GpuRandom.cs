namespace Engine.Kernels.RandomNumbers.Gpu;

/// <summary>
/// Runs random operations on a GPU: one thread computes one Philox block and the four elements that it gives. They are sixteen apart,
/// so that sixteen threads write sixteen neighbours at a time.
/// </summary>
internal readonly record struct GpuRandom<TOperation>(
    Storage? X, Storage Y, TOperation Operation, ulong Key, long Offset) : IScalarWork
    where TOperation : unmanaged, IRandomOperation
{
    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        int blocks = checked((int)(((long)Y.Length + Philox.Group - 1) / Philox.Group * Philox.BlocksInGroup));
        device.Launcher(GpuRandom.Kernel<TOperation, TLane>,
            static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            blocks, ViewOf<TLane>(X ?? Y), X is null ? 0 : 1, ViewOf<TLane>(Y), Operation, Key,
            (ulong)Offset / Philox.Group * Philox.BlocksInGroup);
    }
}

internal static class GpuRandom
{
    internal static void Kernel<TOperation, TLane>(
        Index1D i, ArrayView<TLane> x, int hasInput, ArrayView<TLane> y, TOperation operation, ulong key, ulong firstBlock)
        where TOperation : unmanaged, IRandomOperation
        where TLane : unmanaged, ILane<TLane>
    {
        ulong block = firstBlock + (ulong)i.X;
        PhiloxBlock words = Philox.Block(key, block, 0);
        PhiloxBlock low = TLane.IsDouble && TOperation.TakesLowWords ? Philox.Block(key, block, 1) : words;
        int at = (i / Philox.BlocksInGroup * Philox.Group) + (i % Philox.BlocksInGroup);
        Pair(x, hasInput, y, operation, at, new(words.W0, words.W1, low.W0, low.W1));
        Pair(x, hasInput, y, operation, at + (2 * Philox.BlocksInGroup), new(words.W2, words.W3, low.W2, low.W3));
    }

    private static void Pair<TOperation, TLane>(
        ArrayView<TLane> x, int hasInput, ArrayView<TLane> y, TOperation operation, int first, Words<TLane> words)
        where TOperation : unmanaged, IRandomOperation
        where TLane : unmanaged, ILane<TLane>
    {
        int length = y.IntLength;
        int second = first + Philox.BlocksInGroup;
        TLane y0 = TLane.Of(0), y1 = TLane.Of(0);
        if (hasInput != 0 && first < length) y0 = x[first];
        if (hasInput != 0 && second < length) y1 = x[second];
        operation.Apply(words, ref y0, ref y1);
        if (first < length) y[first] = y0;
        if (second < length) y[second] = y1;
    }

    /// <summary>A word, shifted right, as a floating-point value, rounded where it does not fit.</summary>
    internal static T Value<T>(uint word, int shift) where T : unmanaged, ILane<T> => T.Of((double)(word >> shift));

    internal readonly struct Words<T>(uint first, uint second, uint firstLow, uint secondLow) : IRandomWords<T>
        where T : unmanaged, ILane<T>
    {
        public T First(int shift) => Value<T>(first, shift);

        public T Second(int shift) => Value<T>(second, shift);

        public T FirstLow(int shift) => Value<T>(firstLow, shift);

        public T SecondLow(int shift) => Value<T>(secondLow, shift);
    }
}
