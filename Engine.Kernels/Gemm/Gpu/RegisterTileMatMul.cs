using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 3: a group of 256 threads computes a tile of 128 x 128 of C, and each thread 8 x 8 elements of it, in registers. A step along K
/// takes 16 numbers from shared memory for 64 multiply-adds, where rung 2 takes two for each one: now the arithmetic is the limit.
///
/// - The 64 sums have names, no array (<see cref="RegisterSums{TLane}"/>). A thread's rows are 4 y and 64 + 4 y onwards, its columns 4 x
/// and
///   64 + 4 x: sixteen threads together read a contiguous piece of shared memory, 16 bytes each, without conflicts.
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
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        Action<MatMulLayout, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TActivation> kernel = Kernel;
        Index3D grid = new((layout.M + Tile - 1) / Tile, (layout.N + Tile - 1) / Tile, Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Threads, 1, 1)), layout, GpuStorage.ViewOf<TLane>(a), GpuStorage.ViewOf<TLane>(b),
            GpuStorage.ViewOf<TLane>(bias ?? c), GpuStorage.ViewOf<TLane>(c), activation);
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
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int depth = layout.DepthOf(item);
            TileLoader loaderA = new(layout.M, depth, layout.LineA, layout.DepthA, layout.FoursA, layout.StartA(item), firstRow);
            TileLoader loaderB = new(layout.N, depth, layout.LineB, layout.DepthB, layout.FoursB, layout.StartB(item), firstColumn);
            RegisterSums<TLane> sums = new(zero);
            int buffer = 0;
            loaderA.Store(loaderA.Load(a, 0), tileA, 0);
            loaderB.Store(loaderB.Load(b, 0), tileB, 0);
            Group.Barrier();
            for (int k = 0; k < depth; k += Depth)
            {
                Four<TLane> nextA = loaderA.Load(a, k + Depth);
                Four<TLane> nextB = loaderB.Load(b, k + Depth);
                int atA = buffer + y;
                int atB = buffer + x;
                for (int step = 0; step < Depth; step++, atA += Line, atB += Line)
                {
                    sums = new(sums, tileA[atA], tileA[atA + 16], tileB[atB], tileB[atB + 16]);
                }

                buffer = Buffer - buffer;
                loaderA.Store(nextA, tileA, buffer);
                loaderB.Store(nextB, tileB, buffer);
                Group.Barrier();
            }

            sums.Write(new TileWriter(layout, item), c, bias, firstRow + (4 * y), firstColumn + (4 * x), activation);
        }
    }
}
