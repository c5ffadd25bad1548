using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

internal static partial class GateRows
{
    private static void RunOnIlgpu<TGate>(IlgpuDevice device, TGate gate, Storage? g, Storage x, Storage? residual, int rows, int width, Storage result) where TGate : unmanaged, IGate
    {
        if (x.DType == DType.Float32) RunOnIlgpu<TGate, FloatScalar>(device, gate, g, x, residual, rows, width, result);
        else RunOnIlgpu<TGate, DoubleScalar>(device, gate, g, x, residual, rows, width, result);
    }

    private static void RunOnIlgpu<TGate, TLane>(IlgpuDevice device, TGate gate, Storage? g, Storage x, Storage? residual, int rows, int width, Storage result)
        where TGate : unmanaged, IGate
        where TLane : unmanaged, ILane<TLane>
    {
        int threads = checked(rows * width);
        if (g is null)
        {
            Action<Index1D, TGate, int, ArrayView<TLane>, int, ArrayView<TLane>, ArrayView<TLane>> forward = ForwardKernel;
            device.Launcher(forward, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                threads, gate, width, IlgpuStorage.ViewOf<TLane>(x), residual is null ? 0 : 1, IlgpuStorage.ViewOf<TLane>(residual ?? x), IlgpuStorage.ViewOf<TLane>(result));
            return;
        }

        Action<Index1D, TGate, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> backward = BackwardKernel;
        device.Launcher(backward, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            threads, gate, width, IlgpuStorage.ViewOf<TLane>(g), IlgpuStorage.ViewOf<TLane>(x), IlgpuStorage.ViewOf<TLane>(result));
    }

    /// <summary>One thread computes one element of the output.</summary>
    private static void ForwardKernel<TGate, TLane>(
        Index1D i, TGate gate, int width, ArrayView<TLane> x, int hasResidual, ArrayView<TLane> residual, ArrayView<TLane> y)
        where TGate : unmanaged, IGate
        where TLane : unmanaged, ILane<TLane>
    {
        int at = (i / width * 2 * width) + (i % width);
        TLane gated = gate.Apply(x[at], x[at + width]);
        y[i] = hasResidual == 0 ? gated : residual[i] + gated;
    }

    /// <summary>One thread computes both elements of the gradient that belong to one of the output.</summary>
    private static void BackwardKernel<TGate, TLane>(Index1D i, TGate gate, int width, ArrayView<TLane> g, ArrayView<TLane> x, ArrayView<TLane> dx)
        where TGate : unmanaged, IGate
        where TLane : unmanaged, ILane<TLane>
    {
        int at = (i / width * 2 * width) + (i % width);
        gate.Gradient(g[i], x[at], x[at + width], out TLane da, out TLane db);
        dx[at] = da;
        dx[at + width] = db;
    }
}
