using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rung 3: a group of 256 threads computes a tile of 64 x 64 of the result, each thread 4 x 4 elements of it in registers, so that two
/// reads of shared memory, of four elements each, serve sixteen multiply-adds. In steps of 16 along the depth each thread brings four
/// elements of both operands to shared memory, where they lie depth by depth. The tile is smaller than that of
/// <see cref="RegisterTileMatMul"/>: convolutions have few columns, and finding an element costs registers.
/// </summary>
internal static class RegisterTileConv2d
{
    internal const int Tile = 64;
    internal const int Threads = 256;
    internal const int Depth = 16;

    // Elements from one depth to the next, and the same in fours: one more, so that a column of single writes does not fall on one bank.
    internal const int Line = Tile + 4;
    internal const int Fours = Line / 4;

    internal static void Run<TLane, TProduct, TActivation>(
        GpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        Index3D grid = new((product.Rows + Tile - 1) / Tile, (product.Columns + Tile - 1) / Tile,
            Math.Min(product.Parts * arguments.Splits, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TLane, TProduct, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Threads, 1, 1)), product, arguments.Views<TLane>(), activation);
    }

    private static void Kernel<TLane, TProduct, TActivation>(TProduct product, Conv2dViews<TLane> views, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<TLane>> tileA = SharedMemory.Allocate<Four<TLane>>(Depth * Fours);
        ArrayView<Four<TLane>> tileB = SharedMemory.Allocate<Four<TLane>>(Depth * Fours);
        int thread = Group.IdxX;
        int x = thread % 16;
        int y = thread / 16;
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;
        Four<TLane> zero = new(TLane.Of(0), TLane.Of(0), TLane.Of(0), TLane.Of(0));
        int items = product.Parts * views.Splits;
        for (int item = Grid.IdxZ; item < items; item += Grid.DimZ)
        {
            TProduct part = product.Part(item / views.Splits);
            int split = item % views.Splits;
            if (firstRow >= part.Rows) continue;
            int end = views.EndOf(split, part.Depth);
            Conv2dSums<TLane> sums = new(zero);
            Conv2dTileLoader<TProduct> loader = new(part, firstRow, firstColumn, end);
            for (int depth = split * views.SplitDepth; depth < end; depth += Depth)
            {
                for (int piece = 0; piece < 4; piece++)
                {
                    int fromA = loader.AtA(piece, depth);
                    int fromB = loader.AtB(piece, depth);
                    tileA.Cast<TLane>()[Conv2dTileLoader<TProduct>.ToA(piece)] = fromA >= 0 ? views.A[fromA] : TLane.Of(0);
                    tileB.Cast<TLane>()[Conv2dTileLoader<TProduct>.ToB(piece)] = fromB >= 0 ? views.B[fromB] : TLane.Of(0);
                }

                Group.Barrier();
                int atA = y;
                int atB = x;
                for (int step = 0; step < Depth; step++, atA += Fours, atB += Fours) sums = new(sums, tileA[atA], tileB[atB]);

                Group.Barrier();
            }

            sums.Write(part, views, split, firstRow + (4 * y), firstColumn + (4 * x), activation);
        }
    }
}

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

/// <summary>The 4 x 4 sums that a thread of <see cref="RegisterTileConv2d"/> or <see cref="AsyncTileConv2d"/> keeps in registers.</summary>
internal readonly struct Conv2dSums<TLane> where TLane : unmanaged, ILane<TLane>
{
    private readonly Four<TLane> _c0, _c1, _c2, _c3;

    /// <summary>All zero.</summary>
    internal Conv2dSums(Four<TLane> zero) => _c0 = _c1 = _c2 = _c3 = zero;

    /// <summary>The sums and one step along the depth: four rows times four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Conv2dSums(Conv2dSums<TLane> before, Four<TLane> a, Four<TLane> b)
    {
        _c0 = Four<TLane>.MulAdd(a.X, b, before._c0);
        _c1 = Four<TLane>.MulAdd(a.Y, b, before._c1);
        _c2 = Four<TLane>.MulAdd(a.Z, b, before._c2);
        _c3 = Four<TLane>.MulAdd(a.W, b, before._c3);
    }

    /// <summary>Writes them to the result: <paramref name="row"/> and <paramref name="column"/> are those of the first.</summary>
    internal void Write<TProduct, TActivation>(
        TProduct part, Conv2dViews<TLane> views, int split, int row, int column, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        views.Write(part, split, row, column, _c0, activation);
        views.Write(part, split, row + 1, column, _c1, activation);
        views.Write(part, split, row + 2, column, _c2, activation);
        views.Write(part, split, row + 3, column, _c3, activation);
    }
}
