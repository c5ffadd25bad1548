using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Flows;

public static partial class TriangularSolve
{
    private static void OnIlgpu(
        GpuDevice device, Storage a, Storage b, int n, int m, int rowStep, int columnStep, bool isForward, bool unitDiagonal, Storage x)
    {
        if (a.DType == DType.Float32) Launch<FloatScalar>();
        else Launch<DoubleScalar>();

        void Launch<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            Action<Index1D, int, int, int, int, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = SolveKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                m, n, m, rowStep, columnStep, isForward ? 1 : 0, unitDiagonal ? 1 : 0, GpuStorage.ViewOf<TLane>(a),
                GpuStorage.ViewOf<TLane>(b), GpuStorage.ViewOf<TLane>(x));
        }
    }

    /// <summary>One thread solves for one column, in the order of the host's form.</summary>
    private static void SolveKernel<TLane>(
        Index1D column, int n, int m, int rowStep, int columnStep, int isForward, int unitDiagonal, ArrayView<TLane> a, ArrayView<TLane> b,
        ArrayView<TLane> x)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int step = 0; step < n; step++)
        {
            int i = isForward != 0 ? step : n - 1 - step;
            TLane value = b[(i * m) + column];
            for (int before = 0; before < step; before++)
            {
                int j = isForward != 0 ? before : n - 1 - before;
                value -= a[(i * rowStep) + (j * columnStep)] * x[(j * m) + column];
            }

            x[(i * m) + column] = unitDiagonal != 0 ? value : value / a[(i * rowStep) + (i * columnStep)];
        }
    }
}
