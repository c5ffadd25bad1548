namespace Engine.Kernels.Flows.Gpu;

internal readonly record struct GpuTriangularSolve(
    Storage A, Storage B, int N, int M, int RowStep, int ColumnStep, bool IsForward, bool UnitDiagonal, Storage X)
    : IScalarWork
{
    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        device.Launcher(SolveKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            M, N, M, RowStep, ColumnStep, IsForward ? 1 : 0, UnitDiagonal ? 1 : 0, ViewOf<TLane>(A), ViewOf<TLane>(B), ViewOf<TLane>(X));
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
