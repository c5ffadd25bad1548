using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.RandomNumbers;

/// <summary>What becomes of two random words of a block, sixteen elements apart, in a GPU kernel.</summary>
internal interface IRandomPair
{
    /// <summary>True when float64 takes further bits from plane 1.</summary>
    static abstract bool TakesLowWords { get; }

    /// <summary>Computes two elements from their words; before, they hold the elements of the input where the operation has one.</summary>
    void Apply<T>(uint word0, uint word1, uint low0, uint low1, ref T y0, ref T y1) where T : unmanaged, ILane<T>;
}

/// <summary>
/// Runs random operations on a GPU: one thread computes one Philox block and the four elements that it gives. They are sixteen apart,
/// so that sixteen threads write sixteen neighbours at a time.
/// </summary>
internal static class RandomIlgpu
{
    internal static void Run<TOperation>(GpuDevice device, Storage? x, Storage y, TOperation operation, ulong key, long offset)
        where TOperation : unmanaged, IRandomPair
    {
        if (y.Length == 0) return;
        if (y.DType == DType.Float32) Run<TOperation, FloatScalar>(device, x, y, operation, key, offset);
        else Run<TOperation, DoubleScalar>(device, x, y, operation, key, offset);
    }

    /// <summary>A word, shifted right, as a number, rounded where it does not fit.</summary>
    internal static T Number<T>(uint word, int shift) where T : unmanaged, ILane<T> => T.Of((double)(word >> shift));

    private static void Run<TOperation, TLane>(GpuDevice device, Storage? x, Storage y, TOperation operation, ulong key, long offset)
        where TOperation : unmanaged, IRandomPair
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, ArrayView<TLane>, int, ArrayView<TLane>, TOperation, ulong, ulong> kernel = Kernel;
        int blocks = checked((int)(((long)y.Length + Philox.Group - 1) / Philox.Group * Philox.BlocksInGroup));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            blocks, GpuStorage.ViewOf<TLane>(x ?? y), x is null ? 0 : 1, GpuStorage.ViewOf<TLane>(y), operation, key,
            (ulong)offset / Philox.Group * Philox.BlocksInGroup);
    }

    private static void Kernel<TOperation, TLane>(
        Index1D i, ArrayView<TLane> x, int hasInput, ArrayView<TLane> y, TOperation operation, ulong key, ulong firstBlock)
        where TOperation : unmanaged, IRandomPair
        where TLane : unmanaged, ILane<TLane>
    {
        ulong block = firstBlock + (ulong)i.X;
        PhiloxBlock words = Philox.Block(key, block, 0);
        PhiloxBlock low = TLane.IsDouble && TOperation.TakesLowWords ? Philox.Block(key, block, 1) : words;
        int at = (i / Philox.BlocksInGroup * Philox.Group) + (i % Philox.BlocksInGroup);
        Pair(x, hasInput, y, operation, at, words.W0, words.W1, low.W0, low.W1);
        Pair(x, hasInput, y, operation, at + (2 * Philox.BlocksInGroup), words.W2, words.W3, low.W2, low.W3);
    }

    private static void Pair<TOperation, TLane>(
        ArrayView<TLane> x, int hasInput, ArrayView<TLane> y, TOperation operation, int first, uint word0, uint word1, uint low0, uint low1)
        where TOperation : unmanaged, IRandomPair
        where TLane : unmanaged, ILane<TLane>
    {
        int length = y.IntLength;
        int second = first + Philox.BlocksInGroup;
        TLane y0 = TLane.Of(0), y1 = TLane.Of(0);
        if (hasInput != 0 && first < length) y0 = x[first];
        if (hasInput != 0 && second < length) y1 = x[second];
        operation.Apply(word0, word1, low0, low1, ref y0, ref y1);
        if (first < length) y[first] = y0;
        if (second < length) y[second] = y1;
    }
}
