using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.RandomNumbers.Gpu;

/// <summary>
/// Draws on a GPU: a group for each row. Its threads compute the exponentials of a block of classes side by side, and then each of them
/// adds the block up in the order of the classes, from shared memory: the sums are those of the host, bit by bit where the exponentials
/// are, and no thread waits for the result of another.
/// </summary>
internal static class GpuRandomCategorical
{
    /// <summary>The most threads of a group, and the classes of a block.</summary>
    private const int MaxThreads = 256;

    // Never inlined: its caller is compiled for the host, too, and must not load ILGPU for this branch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Run(GpuDevice device, Storage logits, int rows, int classes, Storage indices, ulong key, long offset)
    {
        if (logits.DType == DType.Float32) Run<FloatScalar>(device, logits, rows, classes, indices, key, offset);
        else Run<DoubleScalar>(device, logits, rows, classes, indices, key, offset);
    }

    private static void Run<TLane>(GpuDevice device, Storage logits, int rows, int classes, Storage indices, ulong key, long offset)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        int warp = device.Accelerator.WarpSize;
        int threads = Math.Min(MaxThreads, (int)(((long)classes + warp - 1) / warp * warp));
        device.Launcher(Kernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            new KernelConfig(rows, threads), classes, ViewOf<TLane>(logits), ViewOf<int>(indices), key, (ulong)offset);
    }

    /// <summary>A NaN among the logits makes the sums NaN, which are above nothing.</summary>
    private static void Kernel<TLane>(int classes, ArrayView<TLane> logits, ArrayView<int> indices, ulong key, ulong first)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        ArrayView<TLane> weights = SharedMemory.Allocate<TLane>(MaxThreads);
        int row = Grid.IdxX, start = row * classes;
        TLane maximum = TLane.Of(double.NegativeInfinity);
        for (int i = Group.IdxX; i < classes; i += Group.DimX) maximum = TLane.Max(maximum, logits[start + i]);
        maximum = OneGroup.Total(maximum, default(MaxReduction));
        TLane total = TLane.Of(0);
        for (int block = 0; block < classes; block += Group.DimX)
        {
            int count = Weigh(weights, logits, start, block, classes, maximum);
            for (int i = 0; i < count; i++) total += weights[i];
            Group.Barrier();
        }

        ulong index = first + (ulong)row;
        TLane u = GpuRandom.Value<TLane>(Philox.Word(key, index), TLane.IsDouble ? 0 : 8)
            * TLane.Of(TLane.IsDouble ? 1.0 / (1L << 32) : 1.0 / (1 << 24));
        if (TLane.IsDouble) u += GpuRandom.Value<TLane>(Philox.Word(key, index, 1), 11) * TLane.Of(1.0 / (1L << 53));
        TLane wanted = u * total, sum = TLane.Of(0);

        // The walk goes on behind the class that is found, so that every thread reaches every barrier whatever the sums are.
        int found = -1;
        for (int block = 0; block < classes; block += Group.DimX)
        {
            int count = Weigh(weights, logits, start, block, classes, maximum);
            for (int i = 0; i < count && found < 0; i++)
            {
                sum += weights[i];
                if (TLane.IsLess(wanted, sum)) found = block + i;
            }

            Group.Barrier();
        }

        if (Group.IdxX == 0) indices[row] = found;
    }

    /// <summary>weights[i] = e^(z[block + i] - maximum), a class for each thread, visible to all of them; returns how many.</summary>
    private static int Weigh<TLane>(ArrayView<TLane> weights, ArrayView<TLane> logits, int start, int block, int classes, TLane maximum)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        int own = block + Group.IdxX;
        if (own < classes) weights[Group.IdxX] = LaneMath.Exp(logits[start + own] - maximum);
        Group.Barrier();
        return IntrinsicMath.Min(Group.DimX, classes - block);
    }
}
