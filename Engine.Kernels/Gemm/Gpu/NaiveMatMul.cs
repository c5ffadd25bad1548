namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 1: one thread computes one element of C, from a row of op(A) and a column of op(B) that it reads from memory all by itself.
/// Every element of A is read N times and every element of B M times, for one multiplication and one addition each: the arithmetic
/// units wait for memory, and only the caches keep this from being slower still. Neighbouring threads have neighbouring columns, so
/// that they read B (when it is not transposed) side by side and A at one place.
/// </summary>
internal static class NaiveMatMul
{
    internal static void Run<TLane, TActivation>(
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        device.Launcher(Kernel<TLane, TActivation>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            c.Length, layout, ViewOf<TLane>(a), ViewOf<TLane>(b), ViewOf<TLane>(bias ?? c), ViewOf<TLane>(c), activation);
    }

    private static void Kernel<TLane, TActivation>(
        Index1D i, MatMulLayout layout, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c,
        TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        int column = i % layout.N;
        int row = i / layout.N % layout.M;
        int item = i / layout.N / layout.M;
        int atA = layout.AtA(item, row, 0);
        int atB = layout.AtB(item, column, 0);
        TLane sum = TLane.Of(0);
        int depth = layout.DepthOf(item);
        for (int k = 0; k < depth; k++, atA += layout.DepthA, atB += layout.DepthB) sum = TLane.MulAdd(a[atA], b[atB], sum);

        if (layout.Accumulate != 0) sum += c[i];
        if (layout.HasBias != 0) sum += bias[column];
        c[i] = activation.Apply(sum);
    }
}
