using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The weight, packed for <see cref="RowsKernel{TV, T}"/>: for each phase and each panel of columns [taps down, taps across, depth, columns
/// of the panel], dense, in the order in which the taps meet the source.
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
