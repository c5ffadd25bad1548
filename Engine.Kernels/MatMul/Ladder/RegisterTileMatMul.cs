using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Ladder;

/// <summary>
/// Rung 3: a group of 256 threads computes a tile of 128 x 128 of C, and each thread 8 x 8 elements of it, in registers. A step along K
/// takes 16 numbers from shared memory for 64 multiply-adds, where rung 2 takes two for each one: now the arithmetic is the limit.
///
/// - The 64 sums are sixteen <see cref="Four{T}"/> with names: an array would lie in local memory, which is memory.
/// - A thread's rows are 4 y and 64 + 4 y onwards, its columns 4 x and 64 + 4 x: sixteen threads together read
///   a contiguous piece of shared memory, 16 bytes each, without conflicts.
/// - Tiles lie in shared memory depth by depth, so that the eight rows and eight columns of a step are each two reads of
///   four. An operand whose neighbours in memory are neighbours in depth is turned on the way in (<see cref="TileLoader"/>).
/// - There are two buffers. While one is computed from, the next tiles travel from memory to registers, and then into
///   the other buffer: memory is waited for while there is something to compute, and one barrier a step is enough.
/// </summary>
internal static class RegisterTileMatMul
{
    internal const int Tile = 128;
    internal const int Depth = 8;
    internal const int Threads = 256;

    /// <summary>Lines of a tile in shared memory, in fours; one more than needed, so that columns do not fall on one bank.</summary>
    internal const int Line = (Tile / 4) + 1;

    private const int Buffer = Depth * Line;

    internal static void Run<TLane, TActivation>(
        IlgpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        Action<MatMulLayout, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TActivation> kernel = Kernel;
        Index3D grid = new((layout.M + Tile - 1) / Tile, (layout.N + Tile - 1) / Tile, Math.Min(layout.Batch, SharedTileMatMul.MaxItems));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Threads, 1, 1)), layout, IlgpuStorage.ViewOf<TLane>(a), IlgpuStorage.ViewOf<TLane>(b),
            IlgpuStorage.ViewOf<TLane>(bias ?? c), IlgpuStorage.ViewOf<TLane>(c), activation);
    }

    private static void Kernel<TLane, TActivation>(
        MatMulLayout layout, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<TLane>> tileA = SharedMemory.Allocate<Four<TLane>>(2 * Buffer);
        ArrayView<Four<TLane>> tileB = SharedMemory.Allocate<Four<TLane>>(2 * Buffer);
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;
        int x = Group.IdxX % 16;
        int y = Group.IdxX / 16;
        Four<TLane> zero = new(TLane.Of(0), TLane.Of(0), TLane.Of(0), TLane.Of(0));
        for (int item = Grid.IdxZ; item < layout.Batch; item += Grid.DimZ)
        {
            TileLoader loaderA = new(layout.M, layout.K, layout.LineA, layout.DepthA, layout.FoursA, item * layout.ItemA, firstRow);
            TileLoader loaderB = new(layout.N, layout.K, layout.LineB, layout.DepthB, layout.FoursB, item * layout.ItemB, firstColumn);
            Four<TLane> c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
            Four<TLane> c40 = zero, c41 = zero, c50 = zero, c51 = zero, c60 = zero, c61 = zero, c70 = zero, c71 = zero;
            int buffer = 0;
            loaderA.Store(loaderA.Load(a, 0), tileA, 0);
            loaderB.Store(loaderB.Load(b, 0), tileB, 0);
            Group.Barrier();
            for (int k = 0; k < layout.K; k += Depth)
            {
                Four<TLane> nextA = loaderA.Load(a, k + Depth);
                Four<TLane> nextB = loaderB.Load(b, k + Depth);
                int atA = buffer + y;
                int atB = buffer + x;
                for (int step = 0; step < Depth; step++, atA += Line, atB += Line)
                {
                    Four<TLane> upper = tileA[atA];
                    Four<TLane> lower = tileA[atA + 16];
                    Four<TLane> left = tileB[atB];
                    Four<TLane> right = tileB[atB + 16];
                    c00 = Four<TLane>.MulAdd(upper.X, left, c00);
                    c01 = Four<TLane>.MulAdd(upper.X, right, c01);
                    c10 = Four<TLane>.MulAdd(upper.Y, left, c10);
                    c11 = Four<TLane>.MulAdd(upper.Y, right, c11);
                    c20 = Four<TLane>.MulAdd(upper.Z, left, c20);
                    c21 = Four<TLane>.MulAdd(upper.Z, right, c21);
                    c30 = Four<TLane>.MulAdd(upper.W, left, c30);
                    c31 = Four<TLane>.MulAdd(upper.W, right, c31);
                    c40 = Four<TLane>.MulAdd(lower.X, left, c40);
                    c41 = Four<TLane>.MulAdd(lower.X, right, c41);
                    c50 = Four<TLane>.MulAdd(lower.Y, left, c50);
                    c51 = Four<TLane>.MulAdd(lower.Y, right, c51);
                    c60 = Four<TLane>.MulAdd(lower.Z, left, c60);
                    c61 = Four<TLane>.MulAdd(lower.Z, right, c61);
                    c70 = Four<TLane>.MulAdd(lower.W, left, c70);
                    c71 = Four<TLane>.MulAdd(lower.W, right, c71);
                }

                buffer = Buffer - buffer;
                loaderA.Store(nextA, tileA, buffer);
                loaderB.Store(nextB, tileB, buffer);
                Group.Barrier();
            }

            TileWriter writer = new(layout, item);
            int row = firstRow + (4 * y);
            int column = firstColumn + (4 * x);
            writer.Write(c, bias, row, column, c00, activation);
            writer.Write(c, bias, row, column + 64, c01, activation);
            writer.Write(c, bias, row + 1, column, c10, activation);
            writer.Write(c, bias, row + 1, column + 64, c11, activation);
            writer.Write(c, bias, row + 2, column, c20, activation);
            writer.Write(c, bias, row + 2, column + 64, c21, activation);
            writer.Write(c, bias, row + 3, column, c30, activation);
            writer.Write(c, bias, row + 3, column + 64, c31, activation);
            writer.Write(c, bias, row + 64, column, c40, activation);
            writer.Write(c, bias, row + 64, column + 64, c41, activation);
            writer.Write(c, bias, row + 65, column, c50, activation);
            writer.Write(c, bias, row + 65, column + 64, c51, activation);
            writer.Write(c, bias, row + 66, column, c60, activation);
            writer.Write(c, bias, row + 66, column + 64, c61, activation);
            writer.Write(c, bias, row + 67, column, c70, activation);
            writer.Write(c, bias, row + 67, column + 64, c71, activation);
        }
    }
}
