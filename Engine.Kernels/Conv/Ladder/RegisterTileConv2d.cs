using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Ladder;

/// <summary>
/// Rung 3: a group of 256 threads computes a tile of 64 x 64 of the result, each thread 4 x 4 elements of it in registers, so that two reads of
/// shared memory, of four elements each, serve sixteen multiply-adds. In steps of 16 along the depth each thread brings four elements of both
/// operands to shared memory, where they lie depth by depth. The tile is smaller than that of <see cref="RegisterTileMatMul"/>:
/// convolutions have few columns, and finding an element costs registers.
/// </summary>
internal static class RegisterTileConv2d
{
    internal const int Tile = 64;
    internal const int Threads = 256;
    private const int Depth = 16;

    // Elements from one depth to the next, and the same in fours: one more, so that a column of single writes does not fall on one bank.
    private const int Line = Tile + 4;
    private const int Fours = Line / 4;

    internal static void Run<TLane, TProduct, TActivation>(IlgpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        Action<TProduct, Conv2dViews<TLane>, TActivation> kernel = Kernel;
        Index3D grid = new((product.Rows + Tile - 1) / Tile, (product.Columns + Tile - 1) / Tile, Math.Min(product.Parts, SharedTileMatMul.MaxGrid));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
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
        int parts = product.Parts;
        for (int index = Grid.IdxZ; index < parts; index += Grid.DimZ)
        {
            TProduct part = product.Part(index);
            if (firstRow >= part.Rows) continue;
            int depths = part.Depth;
            Four<TLane> c0 = zero, c1 = zero, c2 = zero, c3 = zero;
            Loader<TProduct> loader = new(part, firstRow, firstColumn);
            for (int depth = 0; depth < depths; depth += Depth)
            {
                loader.BringA(views.A, tileA.Cast<TLane>(), depth);
                loader.BringB(views.B, tileB.Cast<TLane>(), depth);
                Group.Barrier();
                int atA = y;
                int atB = x;
                for (int step = 0; step < Depth; step++, atA += Fours, atB += Fours)
                {
                    Four<TLane> a = tileA[atA];
                    Four<TLane> b = tileB[atB];
                    c0 = Four<TLane>.MulAdd(a.X, b, c0);
                    c1 = Four<TLane>.MulAdd(a.Y, b, c1);
                    c2 = Four<TLane>.MulAdd(a.Z, b, c2);
                    c3 = Four<TLane>.MulAdd(a.W, b, c3);
                }

                Group.Barrier();
            }

            int row = firstRow + (4 * y);
            int column = firstColumn + (4 * x);
            Write(part, views, row, column, c0, activation);
            Write(part, views, row + 1, column, c1, activation);
            Write(part, views, row + 2, column, c2, activation);
            Write(part, views, row + 3, column, c3, activation);
        }
    }

    private static void Write<TLane, TProduct, TActivation>(TProduct part, Conv2dViews<TLane> views, int row, int column, Four<TLane> sum, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        if (row >= part.Rows || column >= part.Columns) return;
        int at = part.AtC(row, column);
        int atBias = part.AtBias(column);
        views.Write(at, atBias, sum.X, activation);
        if (column + 1 < part.Columns) views.Write(at + 1, atBias + 1, sum.Y, activation);
        if (column + 2 < part.Columns) views.Write(at + 2, atBias + 2, sum.Z, activation);
        if (column + 3 < part.Columns) views.Write(at + 3, atBias + 3, sum.W, activation);
    }

    /// <summary>
    /// Brings the tiles. Where neighbours in depth are neighbours in memory, 16 threads take the 16 depths of a line, and a thread has four
    /// lines, 16 apart; otherwise 64 threads take the 64 lines of a depth, and a thread has one line at four depths.
    /// </summary>
    private readonly struct Loader<TProduct> where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        private readonly TProduct _part;
        private readonly int _firstRow, _firstColumn;
        private readonly Conv2dLine _line0, _line1, _line2, _line3;

        internal Loader(TProduct part, int firstRow, int firstColumn)
        {
            (_part, _firstRow, _firstColumn) = (part, firstRow, firstColumn);
            _line0 = part.Line(firstRow + (TProduct.DepthRunsInA ? Group.IdxX / Depth : Group.IdxX % Tile));
            _line1 = TProduct.DepthRunsInA ? part.Line(firstRow + 16 + (Group.IdxX / Depth)) : _line0;
            _line2 = TProduct.DepthRunsInA ? part.Line(firstRow + 32 + (Group.IdxX / Depth)) : _line0;
            _line3 = TProduct.DepthRunsInA ? part.Line(firstRow + 48 + (Group.IdxX / Depth)) : _line0;
        }

        internal void BringA<TLane>(ArrayView<TLane> a, ArrayView<TLane> tile, int depth) where TLane : unmanaged, ILane<TLane>
        {
            OneA(a, tile, depth, 0, _line0);
            OneA(a, tile, depth, 1, _line1);
            OneA(a, tile, depth, 2, _line2);
            OneA(a, tile, depth, 3, _line3);
        }

        internal void BringB<TLane>(ArrayView<TLane> b, ArrayView<TLane> tile, int depth) where TLane : unmanaged, ILane<TLane>
        {
            for (int piece = 0; piece < 4; piece++)
            {
                int own = DepthOf(TProduct.DepthRunsInB, piece);
                int column = LineOf(TProduct.DepthRunsInB, piece);
                bool inside = depth + own < _part.Depth && _firstColumn + column < _part.Columns;
                tile[(own * Line) + column] = inside ? b[_part.AtB(depth + own, _firstColumn + column)] : TLane.Of(0);
            }
        }

        private void OneA<TLane>(ArrayView<TLane> a, ArrayView<TLane> tile, int depth, int piece, Conv2dLine line) where TLane : unmanaged, ILane<TLane>
        {
            int own = DepthOf(TProduct.DepthRunsInA, piece);
            int row = LineOf(TProduct.DepthRunsInA, piece);
            int at = depth + own < _part.Depth && _firstRow + row < _part.Rows ? _part.AtA(line, depth + own) : -1;
            tile[(own * Line) + row] = at >= 0 ? a[at] : TLane.Of(0);
        }

        private static int DepthOf(bool depthRuns, int piece) => depthRuns ? Group.IdxX % Depth : (Group.IdxX / Tile) + (4 * piece);

        private static int LineOf(bool depthRuns, int piece) => depthRuns ? (Group.IdxX / Depth) + (16 * piece) : Group.IdxX % Tile;
    }
}
