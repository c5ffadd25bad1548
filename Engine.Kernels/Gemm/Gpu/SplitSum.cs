namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The second half of a product whose sum over K was split. A product with few elements and a long sum, the gradient of a weight or a batch
/// of 64, has too few tiles to keep a GPU busy: with 8 tiles for 132 multiprocessors 124 are idle. So groups compute parts of the sums side
/// by side, each part a matrix of its own, and this kernel adds them up, one thread for each element, always in the same order: the result
/// does not depend on which group finished first, as it would if they added to C as they finish.
/// </summary>
internal static class SplitSum
{
    /// <summary>Adds up the parts of the first <paramref name="length"/> elements of the result.</summary>
    internal static void Run(
        GpuDevice device, SplitSumLayout layout, Storage parts, Storage? bias, Storage c, int length, Activation activation) =>
        ProductLaunch.Run(device, c.DType, activation, new Launch(device, layout, parts, bias, c, length));

    private readonly struct Launch(GpuDevice device, SplitSumLayout layout, Storage parts, Storage? bias, Storage c, int length)
        : IProductLaunch
    {
        public void Run<TLane, TActivation>(TActivation activation)
            where TLane : unmanaged, ILane<TLane>
            where TActivation : unmanaged, IUnaryOp
        {
            device.Launcher(Kernel<TLane, TActivation>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                length, layout, ViewOf<TLane>(parts), ViewOf<TLane>(bias ?? c), ViewOf<TLane>(c), activation);
        }
    }

    private static void Kernel<TLane, TActivation>(
        Index1D i, SplitSumLayout layout, ArrayView<TLane> parts, ArrayView<TLane> bias, ArrayView<TLane> c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        int at = (i / layout.Length * layout.Parts * layout.Length) + (i % layout.Length);
        TLane sum = parts[at];
        for (int part = 1; part < layout.Parts; part++) sum += parts[at + (part * layout.Length)];

        if (layout.Accumulate != 0) sum += c[i];
        if (layout.HasBias != 0) sum += bias[i % layout.Columns];
        c[i] = activation.Apply(sum);
    }
}

/// <summary>What is added up: for each product of a batch <paramref name="parts"/> results one after the other.</summary>
/// <param name="length">Elements of a result.</param>
/// <param name="columns">Those of its innermost axis, which the bias belongs to.</param>
/// <param name="parts">Parts of each sum.</param>
/// <param name="hasBias">Whether a bias is added.</param>
/// <param name="accumulate">Whether to add to what is there.</param>
internal readonly struct SplitSumLayout(int length, int columns, int parts, bool hasBias, bool accumulate)
{
    internal readonly int Length = length, Columns = columns, Parts = parts, HasBias = hasBias ? 1 : 0, Accumulate = accumulate ? 1 : 0;
}
