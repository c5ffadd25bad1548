using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rung 4: the sums of rung 3, fed by asynchronous copies as in <see cref="AsyncTileMatMul"/>. It suits a convolution even better
/// than a product: each element of the image is found on its own and copied to its place in the tile on its own, 4 bytes at a time,
/// padding as a zero; and while it travels the thread finds those of the next step.
/// </summary>
internal static class AsyncTileConv2d
{
    private const int Buffers = 4;

    /// <summary>A tile of one operand in shared memory, in elements.</summary>
    private const int TileLength = RegisterTileConv2d.Depth * RegisterTileConv2d.Line;

    internal static void Run<TProduct, TActivation>(
        GpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        const int tile = RegisterTileConv2d.Tile;
        Index3D grid = new((product.Rows + tile - 1) / tile, (product.Columns + tile - 1) / tile,
            Math.Min(product.Parts * arguments.Splits, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TProduct, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(RegisterTileConv2d.Threads, 1, 1)), product, arguments.Views<FloatScalar>(),
            AddressOf(arguments.A), AddressOf(arguments.B), activation);
    }

    private static void Kernel<TProduct, TActivation>(
        TProduct product, Conv2dViews<FloatScalar> views, long addressA, long addressB, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> fours = SharedMemory.Allocate<Four<FloatScalar>>(Buffers * 2 * TileLength / 4);
        ArrayView<FloatScalar> tiles = fours.Cast<FloatScalar>();
        int thread = Group.IdxX;
        int x = thread % 16;
        int y = thread / 16;
        int firstRow = Grid.IdxX * RegisterTileConv2d.Tile;
        int firstColumn = Grid.IdxY * RegisterTileConv2d.Tile;
        FloatScalar zero = FloatScalar.Of(0);
        int items = product.Parts * views.Splits;
        for (int item = Grid.IdxZ; item < items; item += Grid.DimZ)
        {
            TProduct part = product.Part(item / views.Splits);
            int split = item % views.Splits;
            if (firstRow >= part.Rows) continue;
            int end = views.EndOf(split, part.Depth);
            Conv2dSums<FloatScalar> sums = new(new Four<FloatScalar>(zero, zero, zero, zero));
            Conv2dTileLoader<TProduct> loader = new(part, firstRow, firstColumn, end);

            // The first turns only start copies: the tile of a depth arrives three turns after.
            int first = split * views.SplitDepth;
            int ahead = 0;
            int buffer = 1;
            for (int depth = first - ((Buffers - 1) * RegisterTileConv2d.Depth); depth < end; depth += RegisterTileConv2d.Depth)
            {
                if (depth >= first)
                {
                    AsyncCopy.WaitForAllButTwo();
                    Group.Barrier();
                }

                int next = depth + ((Buffers - 1) * RegisterTileConv2d.Depth);
                for (int piece = 0; piece < 4; piece++)
                {
                    int fromA = loader.AtA(piece, next);
                    int fromB = loader.AtB(piece, next);
                    AsyncCopy.One(tiles, (ahead * 2 * TileLength) + Conv2dTileLoader<TProduct>.ToA(piece), views.A, addressA,
                        IntrinsicMath.Max(fromA, 0), fromA >= 0 ? 4 : 0);
                    AsyncCopy.One(tiles, (((ahead * 2) + 1) * TileLength) + Conv2dTileLoader<TProduct>.ToB(piece), views.B, addressB,
                        IntrinsicMath.Max(fromB, 0), fromB >= 0 ? 4 : 0);
                }

                AsyncCopy.Commit();
                if (depth >= first)
                {
                    int atA = (buffer * 2 * TileLength / 4) + y;
                    int atB = (((buffer * 2) + 1) * TileLength / 4) + x;
                    for (int step = 0; step < RegisterTileConv2d.Depth;
                    step++, atA += RegisterTileConv2d.Fours, atB += RegisterTileConv2d.Fours)
                        sums = new(sums, fours[atA], fours[atB]);
                }

                ahead = (ahead + 1) % Buffers;
                buffer = (buffer + 1) % Buffers;
            }

            sums.Write(part, views, split, firstRow + (4 * y), firstColumn + (4 * x), activation);

            // The next item's first tiles go where this one's last may still be read, or still arrive.
            AsyncCopy.WaitForAll();
            Group.Barrier();
        }
    }
}
