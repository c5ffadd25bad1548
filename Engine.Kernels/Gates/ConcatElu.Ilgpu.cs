using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class ConcatElu
{
    private static void RunOnIlgpu(IlgpuDevice device, Storage? g, Storage x, int rows, int width, Storage result)
    {
        if (x.DType == DType.Float32) RunOnIlgpu<FloatScalar>(device, g, x, rows, width, result);
        else RunOnIlgpu<DoubleScalar>(device, g, x, rows, width, result);
    }

    private static void RunOnIlgpu<TLane>(IlgpuDevice device, Storage? g, Storage x, int rows, int width, Storage result) where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, int, ArrayView<TLane>, int, ArrayView<TLane>, ArrayView<TLane>> kernel = Kernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            checked(rows * width), width, IlgpuStorage.ViewOf<TLane>(g ?? x), g is null ? 0 : 1, IlgpuStorage.ViewOf<TLane>(x), IlgpuStorage.ViewOf<TLane>(result));
    }

    /// <summary>One thread for each element of x: it computes both of the output, or the one of the gradient.</summary>
    private static void Kernel<TLane>(Index1D i, int width, ArrayView<TLane> g, int hasGradient, ArrayView<TLane> x, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int at = (i / width * 2 * width) + (i % width);
        if (hasGradient != 0)
        {
            result[i] = Slope(g[at], g[at + width], x[i]);
        }
        else
        {
            Both(x[i], out TLane positive, out TLane negative);
            result[at] = positive;
            result[at + width] = negative;
        }
    }
}
