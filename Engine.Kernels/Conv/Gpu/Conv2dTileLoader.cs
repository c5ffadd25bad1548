using ILGPU;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Finds what a thread of <see cref="RegisterTileConv2d"/> or <see cref="AsyncTileConv2d"/> brings to shared memory in a step: four
/// elements of each operand. Where neighbours in depth are neighbours in memory, 16 threads take the 16 depths of a line, and a thread has
/// four lines, 16 apart; otherwise 64 threads take the 64 lines of a depth, and a thread has one line at four depths.
/// </summary>
internal readonly struct Conv2dTileLoader<TProduct> where TProduct : unmanaged, IConv2dProduct<TProduct>
{
    private readonly TProduct _part;
    private readonly int _firstRow, _firstColumn, _end;
    private readonly Conv2dLine _line0, _line1, _line2, _line3;

    /// <summary>For the tile at a row and a column, of a sum that ends before a depth.</summary>
    internal Conv2dTileLoader(TProduct part, int firstRow, int firstColumn, int end)
    {
        (_part, _firstRow, _firstColumn, _end) = (part, firstRow, firstColumn, end);
        _line0 = part.Line(firstRow
            + (TProduct.DepthRunsInA ? Group.IdxX / RegisterTileConv2d.Depth : Group.IdxX % RegisterTileConv2d.Tile));
        _line1 = TProduct.DepthRunsInA ? part.Line(firstRow + 16 + (Group.IdxX / RegisterTileConv2d.Depth)) : _line0;
        _line2 = TProduct.DepthRunsInA ? part.Line(firstRow + 32 + (Group.IdxX / RegisterTileConv2d.Depth)) : _line0;
        _line3 = TProduct.DepthRunsInA ? part.Line(firstRow + 48 + (Group.IdxX / RegisterTileConv2d.Depth)) : _line0;
    }

    /// <summary>Where the element of A of a piece, 0 to 3, is in memory; -1 for a zero.</summary>
    internal int AtA(int piece, int depth)
    {
        Conv2dLine line = piece == 0 ? _line0 : piece == 1 ? _line1 : piece == 2 ? _line2 : _line3;
        int own = depth + DepthOf(TProduct.DepthRunsInA, piece);
        return own < _end && _firstRow + LineOf(TProduct.DepthRunsInA, piece) < _part.Rows ? _part.AtA(line, own) : -1;
    }

    /// <summary>Where the element of B of a piece is in memory; -1 for a zero.</summary>
    internal int AtB(int piece, int depth)
    {
        int own = depth + DepthOf(TProduct.DepthRunsInB, piece);
        int column = _firstColumn + LineOf(TProduct.DepthRunsInB, piece);
        return own < _end && column < _part.Columns ? _part.AtB(own, column) : -1;
    }

    /// <summary>Where a piece of A goes in the tile.</summary>
    internal static int ToA(int piece) =>
        (DepthOf(TProduct.DepthRunsInA, piece) * RegisterTileConv2d.Line) + LineOf(TProduct.DepthRunsInA, piece);

    /// <summary>Where a piece of B goes in the tile.</summary>
    internal static int ToB(int piece) =>
        (DepthOf(TProduct.DepthRunsInB, piece) * RegisterTileConv2d.Line) + LineOf(TProduct.DepthRunsInB, piece);

    private static int DepthOf(bool depthRuns, int piece) =>
        depthRuns ? Group.IdxX % RegisterTileConv2d.Depth : (Group.IdxX / RegisterTileConv2d.Tile) + (4 * piece);

    private static int LineOf(bool depthRuns, int piece) =>
        depthRuns ? (Group.IdxX / RegisterTileConv2d.Depth) + (16 * piece) : Group.IdxX % RegisterTileConv2d.Tile;
}
