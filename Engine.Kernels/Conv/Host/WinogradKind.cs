namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The tiles of all images that have equal numbers of outputs: those within the image, those at its right or lower end, and that in the
/// corner.
/// </summary>
internal readonly struct WinogradKind
{
    /// <summary>Kinds of a plan; some may have no tiles.</summary>
    internal const int Count = WinogradAxis.Kinds * WinogradAxis.Kinds;

    private readonly WinogradAxis _rows, _columns;
    private readonly int _down, _across;

    internal WinogradKind(in WinogradPlan plan, int kind)
    {
        (_rows, _columns) = (plan.Rows, plan.Columns);
        (_down, _across) = (kind / WinogradAxis.Kinds, kind % WinogradAxis.Kinds);
        Tiles = (long)plan.Shape.Batch * _rows.Tiles(_down) * _columns.Tiles(_across);
    }

    /// <summary>Tiles of all images.</summary>
    internal long Tiles { get; }

    /// <summary>Rows of outputs of a tile.</summary>
    internal int Rows => _rows.Outputs(_down);

    /// <summary>Columns of outputs of a tile.</summary>
    internal int Columns => _columns.Outputs(_across);

    /// <summary>Whether the tiles use a point.</summary>
    internal bool Uses(int point) =>
        WinogradTransform.Uses(Rows, point / WinogradTransform.Points) && WinogradTransform.Uses(Columns, point % WinogradTransform.Points);

    /// <summary>The image of a tile, and its first output in it.</summary>
    internal void Locate(long tile, out int image, out int y, out int x)
    {
        int across = _columns.Tiles(_across), ofImage = _rows.Tiles(_down) * across, within = (int)(tile % ofImage);
        image = (int)(tile / ofImage);
        y = _rows.FirstOutput(_down, within / across);
        x = _columns.FirstOutput(_across, within % across);
    }
}
