using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The weight, packed for <see cref="MicroKernel{TV, T}"/>: for each phase and each panel of columns [taps down, taps across, depth,
/// columns of the panel], dense, in the order in which the taps meet the source.
/// </summary>
/// <param name="elements">Memory of <see cref="Length"/> elements.</param>
/// <param name="grid">The phases.</param>
/// <param name="panels">The panels of columns.</param>
/// <param name="depth">Channels of the source that a column sees.</param>
internal readonly unsafe struct WeightPanels<TV, T>(T* elements, PhaseGrid grid, ColumnPanels panels, int depth)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    internal static long Length(PhaseGrid grid, ColumnPanels panels, int depth) =>
        (long)grid.TapsDown * grid.TapsAcross * depth * panels.TotalVectors * TV.Count;

    /// <summary>The first element of a panel of a phase.</summary>
    internal T* At(int down, int across, int taps, int group, int vector) => elements
        + ((nint)grid.TapsBefore(down, across) * depth * panels.TotalVectors * TV.Count)
        + ((nint)taps * depth * ((group * panels.Vectors) + vector) * TV.Count);
}

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
        ConvPhase rows = grid.Rows(down), columns = grid.Columns(across);
        panels.Locate(chunk % panels.Count, out int group, out int vector, out int vectors);
        int width = vectors * TV.Count, column = vector * TV.Count, used = Math.Min(width, panels.Columns - column);
        T* panel = target.At(down, across, rows.Taps * columns.Taps, group, vector);
        nint tapLength = (nint)shape.GroupInputs * shape.Outputs;
        for (int ty = 0; ty < rows.Taps; ty++)
        {
            int i = rows.FirstTap + (ty * rows.TapStep);
            for (int tx = 0; tx < columns.Taps; tx++, panel += (nint)depth * width)
            {
                int j = columns.FirstTap + (tx * columns.TapStep);
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
