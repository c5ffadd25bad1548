using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gates;

public static partial class ConcatElu
{
    private static void RunOnIlgpu(GpuDevice device, Storage? g, Storage x, int rows, int width, Storage result)
    {
        if (x.DType == DType.Float32) RunOnIlgpu<FloatScalar>(device, g, x, rows, width, result);
        else RunOnIlgpu<DoubleScalar>(device, g, x, rows, width, result);
    }

    private static void RunOnIlgpu<TLane>(GpuDevice device, Storage? g, Storage x, int rows, int width, Storage result)
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, int, ArrayView<TLane>, int, ArrayView<TLane>, ArrayView<TLane>> kernel = Kernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            checked(rows * GateRows.Quads(width)), width, GpuStorage.ViewOf<TLane>(g ?? x), g is null ? 0 : 1,
            GpuStorage.ViewOf<TLane>(x), GpuStorage.ViewOf<TLane>(result));
    }

    /// <summary>One thread for four neighbours of x: it computes both of the output for each, or the one of the gradient.</summary>
    private static void Kernel<TLane>(
        Index1D i, int width, ArrayView<TLane> g, int hasGradient, ArrayView<TLane> x, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int quads = (width + 3) / 4, column = i % quads * 4, one = (i / quads * width) + column, two = one + (i / quads * width),
            left = width - column;
        bool isWide = width % 4 == 0;
        Four<TLane> of = Fours.Load(x, one, left, isWide, TLane.Of(0));
        if (hasGradient != 0)
        {
            Four<TLane> a = Fours.Load(g, two, left, isWide, TLane.Of(0)), b = Fours.Load(g, two + width, left, isWide, TLane.Of(0));
            Fours.Store(result, one, left, isWide,
                new Four<TLane>(Slope(a.X, b.X, of.X), Slope(a.Y, b.Y, of.Y), Slope(a.Z, b.Z, of.Z), Slope(a.W, b.W, of.W)));
            return;
        }

        Both(of.X, out TLane p0, out TLane n0);
        Both(of.Y, out TLane p1, out TLane n1);
        Both(of.Z, out TLane p2, out TLane n2);
        Both(of.W, out TLane p3, out TLane n3);
        Fours.Store(result, two, left, isWide, new Four<TLane>(p0, p1, p2, p3));
        Fours.Store(result, two + width, left, isWide, new Four<TLane>(n0, n1, n2, n3));
    }
}
