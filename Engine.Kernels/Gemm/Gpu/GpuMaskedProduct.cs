using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The outputs of a masked product that are connected to something infinite or NaN, as a GPU kernel: a group looks at a row, and goes on
/// only where it is not finite.
/// </summary>
internal static class GpuMaskedProduct
{
    private const int MaxThreads = 256;

    // Never inlined: its caller is compiled for the host, too, and must not load ILGPU for this branch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Run<TOp>(
        GpuDevice device, TOp function, Storage x, Storage weight, Storage mask, Storage y, in MatMulShape shape, Storage? bias)
        where TOp : unmanaged, IUnaryOp
    {
        if (x.DType == DType.Float32) Run<FloatScalar, TOp>(device, function, x, weight, mask, y, shape, bias);
        else Run<DoubleScalar, TOp>(device, function, x, weight, mask, y, shape, bias);
    }

    private static void Run<TLane, TOp>(
        GpuDevice device, TOp function, Storage x, Storage weight, Storage mask, Storage y, in MatMulShape shape, Storage? bias)
        where TLane : unmanaged, IScalarLane<TLane>
        where TOp : unmanaged, IUnaryOp
    {
        int warp = device.Accelerator.WarpSize;
        int threads = Math.Min(MaxThreads, (Math.Max(shape.K, shape.N) + warp - 1) / warp * warp);
        device.Launcher(RepairKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            new KernelConfig(shape.M, threads), shape.K, shape.N, ViewOf<TLane>(x), ViewOf<TLane>(weight), ViewOf<TLane>(mask),
            bias is null ? 0 : 1, ViewOf<TLane>(bias ?? x), ViewOf<TLane>(y), function);
    }

    private static void RepairKernel<TLane, TOp>(
        int inputs, int outputs, ArrayView<TLane> x, ArrayView<TLane> weight, ArrayView<TLane> mask, int hasBias, ArrayView<TLane> bias,
        ArrayView<TLane> y, TOp function)
        where TLane : unmanaged, IScalarLane<TLane>
        where TOp : unmanaged, IUnaryOp
    {
        int row = Grid.IdxX, start = row * inputs;
        TLane zero = TLane.Of(0), one = TLane.Of(1), found = zero;
        for (int i = Group.IdxX; i < inputs; i += Group.DimX) found = TLane.Max(found, MaskedProduct.IsSeen(x[start + i], one));
        found = OneGroup.Total(found, default(MaxReduction));
        if (!TLane.IsLess(zero, found)) return;
        for (int column = Group.IdxX; column < outputs; column += Group.DimX)
        {
            TLane sum = zero, seen = zero;
            for (int i = 0; i < inputs; i++)
            {
                TLane element = x[start + i], connection = mask[(i * outputs) + column];
                seen = TLane.Max(seen, MaskedProduct.IsSeen(element, connection));
                sum = TLane.SelectEqual(connection, zero, sum, TLane.MulAdd(element, weight[(i * outputs) + column], sum));
            }

            if (hasBias != 0) sum += bias[column];
            int at = (row * outputs) + column;
            if (TLane.IsLess(zero, seen)) y[at] = function.Apply(sum);
        }
    }
}
