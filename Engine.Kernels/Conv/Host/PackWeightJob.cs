using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>Packs the weight into <see cref="WeightPanels{TV, T}"/>; a chunk is a panel of a phase.</summary>
internal readonly unsafe struct PackWeightJob<TV, T>(
    T* weight, Conv2dShape shape, PhaseGrid grid, ColumnPanels panels, WeightPanels<TV, T> target, int depth) : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    internal int Chunks => grid.Down * grid.Across * panels.Count;

    public void Run(int chunk)
    {
        int phase = chunk / panels.Count;
        int down = phase / grid.Across, across = phase % grid.Across;
        AxisPhase rows = grid.Rows(down), columns = grid.Columns(across);
        panels.Locate(chunk % panels.Count, out int group, out int vector, out int vectors);
        int width = vectors * TV.Count, column = vector * TV.Count, used = Math.Min(width, panels.Columns - column);
        T* panel = target.At(down, across, rows.Taps * columns.Taps, group, vector);
        nint tapLength = (nint)shape.GroupInputs * shape.Outputs;
        for (int ty = 0; ty < rows.Taps; ty++)
        {
            int i = rows.KernelFirst + (ty * rows.KernelStep);
            for (int tx = 0; tx < columns.Taps; tx++, panel += (nint)depth * width)
            {
                int j = columns.KernelFirst + (tx * columns.KernelStep);
                T* tap = weight + (((nint)(i * shape.KernelWidth) + j) * tapLength);
                int first = group * shape.GroupOutputs;

                // W[t] is [inputs, outputs]: a convolution's columns are the outputs, its transpose's the inputs.
                if (grid.Transposed) PanelCopy.Transposed(
                    tap + ((nint)column * shape.Outputs) + first, shape.Outputs, used, depth, panel, width);
                else PanelCopy.Rows(tap + first + column, shape.Outputs, used, depth, panel, width);
            }
        }
    }
}
