using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rung 2: <see cref="SharedTileMatMul"/> with operands that are found in the image, element by element, on their way to shared memory: the
/// matrix that an im2col would write exists only there, 16 x 16 elements at a time. What belongs to a row of it (its image and its
/// place there) is worked out once, before the walk along the depth.
/// </summary>
internal static class SharedTileConv2d
{
    internal const int Tile = 16;
    private const int Line = Tile + 1;

    internal static void Run<TLane, TProduct, TActivation>(
        GpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        Index3D grid = new((product.Rows + Tile - 1) / Tile, (product.Columns + Tile - 1) / Tile,
            Math.Min(product.Parts * arguments.Splits, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TLane, TProduct, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Tile, Tile, 1)), product, arguments.Views<TLane>(), activation);
    }

    private static void Kernel<TLane, TProduct, TActivation>(TProduct product, Conv2dViews<TLane> views, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<TLane> tileA = SharedMemory.Allocate<TLane>(Tile * Line);
        ArrayView<TLane> tileB = SharedMemory.Allocate<TLane>(Tile * Line);
        int x = Group.IdxX;
        int y = Group.IdxY;
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;

        // Neighbouring threads (x) fetch neighbouring elements, whichever way an operand lies in memory.
        int rowA = TProduct.DepthRunsInA ? y : x;
        int depthA = TProduct.DepthRunsInA ? x : y;
        int columnB = TProduct.DepthRunsInB ? y : x;
        int depthB = TProduct.DepthRunsInB ? x : y;
        int items = product.Parts * views.Splits;
        for (int item = Grid.IdxZ; item < items; item += Grid.DimZ)
        {
            TProduct part = product.Part(item / views.Splits);
            int split = item % views.Splits;
            int rows = part.Rows;
            if (firstRow >= rows) continue;
            int columns = part.Columns;
            int end = views.EndOf(split, part.Depth);
            bool ownsRow = firstRow + rowA < rows;
            bool ownsColumn = firstColumn + columnB < columns;
            Conv2dLine line = part.Line(firstRow + rowA);
            TLane sum = TLane.Of(0);
            for (int depth = split * views.SplitDepth; depth < end; depth += Tile)
            {
                int atA = ownsRow && depth + depthA < end ? part.AtA(line, depth + depthA) : -1;
                int atB = ownsColumn && depth + depthB < end ? part.AtB(depth + depthB, firstColumn + columnB) : -1;
                tileA[(rowA * Line) + depthA] = atA >= 0 ? views.A[atA] : TLane.Of(0);
                tileB[(depthB * Line) + columnB] = atB >= 0 ? views.B[atB] : TLane.Of(0);
                Group.Barrier();
                for (int step = 0; step < Tile; step++) sum = TLane.MulAdd(tileA[(y * Line) + step], tileB[(step * Line) + x], sum);
                Group.Barrier();
            }

            int row = firstRow + y;
            int column = firstColumn + x;
            if (row < rows && column < columns) views.Write(
                part.AtC(row, column) + (split * views.SplitLength), part.AtBias(column), sum, activation);
        }
    }
}
