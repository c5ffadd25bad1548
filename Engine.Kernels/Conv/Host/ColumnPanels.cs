using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>The columns of a result, group by group, cut into panels of as many vectors as a register tile takes.</summary>
/// <param name="Groups">Groups of columns.</param>
/// <param name="Columns">Columns of a group.</param>
/// <param name="Vectors">Vectors that hold them.</param>
internal readonly record struct ColumnPanels(int Groups, int Columns, int Vectors)
{
    /// <summary>The largest number of vectors in a panel.</summary>
    private const int Most = 3;

    /// <summary>Panels of a group.</summary>
    internal int PerGroup => (Vectors + Most - 1) / Most;

    /// <summary>All panels.</summary>
    internal int Count => Groups * PerGroup;

    /// <summary>Vectors of all groups.</summary>
    internal int TotalVectors => Groups * Vectors;

    internal static ColumnPanels Of<TV, T>(int groups, int columns)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged =>
        new(groups, columns, (columns + TV.Count - 1) / TV.Count);

    /// <summary>
    /// The panel's group, its first vector in it and how many it has. They are as equal as can be: four vectors are two and two, because a
    /// tile of one vector waits for its loads.
    /// </summary>
    internal void Locate(int panel, out int group, out int vector, out int vectors)
    {
        group = panel / PerGroup;
        int within = panel % PerGroup, least = Vectors / PerGroup, larger = Vectors % PerGroup;
        vectors = within < larger ? least + 1 : least;
        vector = (within * least) + Math.Min(within, larger);
    }
}
