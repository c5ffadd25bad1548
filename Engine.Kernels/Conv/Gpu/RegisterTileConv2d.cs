using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;
using ILGPU.Runtime;

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
        Action<TProduct, Conv2dViews<TLane>, TActivation> kernel = Kernel;
        Index3D grid = new((product.Rows + Tile - 1) / Tile, (product.Columns + Tile - 1) / Tile,
            Math.Min(product.Parts * arguments.Splits, SharedTileMatMul.MaxGrid));
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
