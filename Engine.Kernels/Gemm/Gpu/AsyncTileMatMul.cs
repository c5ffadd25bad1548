using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 4: the sums of rung 3, fed by copies that nobody waits for (<see cref="AsyncCopy"/>). Rung 3 has one tile of each operand on its
/// way, in registers, and stores it when it has computed from the one before. Here the tiles of the next three steps are on their way at
/// once, past the registers: memory takes some 600 cycles to answer, a step of 8 takes a multiprocessor some 500, so one tile on its way is
/// only just enough and three leave room.
///
/// Four buffers: while a step computes from one, the three others are filled. A step waits until its tile is there for this thread, and at
/// the barrier for all; the same barrier says that all have finished with the buffer of the step before, which is the one that is filled
/// next.
/// </summary>
internal static class AsyncTileMatMul
{
    private const int Buffers = 4;

    /// <summary>A tile of one operand in shared memory, in elements.</summary>
    private const int TileLength = RegisterTileMatMul.Depth * RegisterTileMatMul.Line * 4;

    internal static void Run<TActivation>(
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        Action<MatMulLayout, ArrayView<FloatScalar>, long, ArrayView<FloatScalar>, long, ArrayView<FloatScalar>, ArrayView<FloatScalar>,
            TActivation> kernel = Kernel;
        const int tile = RegisterTileMatMul.Tile;
        Index3D grid = new((layout.M + tile - 1) / tile, (layout.N + tile - 1) / tile, Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(RegisterTileMatMul.Threads, 1, 1)), layout, GpuStorage.ViewOf<FloatScalar>(a), GpuStorage.AddressOf(a),
            GpuStorage.ViewOf<FloatScalar>(b),
            GpuStorage.AddressOf(b), GpuStorage.ViewOf<FloatScalar>(bias ?? c), GpuStorage.ViewOf<FloatScalar>(c), activation);
    }

    private static void Kernel<TActivation>(
        MatMulLayout layout, ArrayView<FloatScalar> a, long addressA, ArrayView<FloatScalar> b, long addressB, ArrayView<FloatScalar> bias,
        ArrayView<FloatScalar> c, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> fours = SharedMemory.Allocate<Four<FloatScalar>>(Buffers * 2 * TileLength / 4);
        ArrayView<FloatScalar> tiles = fours.Cast<FloatScalar>();
        int firstRow = Grid.IdxX * RegisterTileMatMul.Tile;
        int firstColumn = Grid.IdxY * RegisterTileMatMul.Tile;
        int x = Group.IdxX % 16;
        int y = Group.IdxX / 16;
        FloatScalar zero = FloatScalar.Of(0);
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int depth = layout.DepthOf(item);
            AsyncTileLoader loaderA =
                new(layout.M, depth, layout.LineA, layout.DepthA, layout.FoursA, layout.StartA(item), firstRow, addressA);
            AsyncTileLoader loaderB =
                new(layout.N, depth, layout.LineB, layout.DepthB, layout.FoursB, layout.StartB(item), firstColumn, addressB);
            RegisterSums<FloatScalar> sums = new(new Four<FloatScalar>(zero, zero, zero, zero));
            int ahead = 0;
            for (; ahead < Buffers - 1; ahead++)
            {
                loaderA.Start(a, ahead * RegisterTileMatMul.Depth, tiles, ahead * 2 * TileLength);
                loaderB.Start(b, ahead * RegisterTileMatMul.Depth, tiles, ((ahead * 2) + 1) * TileLength);
                AsyncCopy.Commit();
            }

            int buffer = 0;
            for (int k = 0; k < depth; k += RegisterTileMatMul.Depth)
            {
                AsyncCopy.WaitForAllButTwo();
                Group.Barrier();
                loaderA.Start(a, k + ((Buffers - 1) * RegisterTileMatMul.Depth), tiles, ahead * 2 * TileLength);
                loaderB.Start(b, k + ((Buffers - 1) * RegisterTileMatMul.Depth), tiles, ((ahead * 2) + 1) * TileLength);
                AsyncCopy.Commit();
                int atA = (buffer * 2 * TileLength / 4) + y;
                int atB = (((buffer * 2) + 1) * TileLength / 4) + x;
                for (int step = 0; step < RegisterTileMatMul.Depth; step++, atA += RegisterTileMatMul.Line, atB += RegisterTileMatMul.Line)
                    sums = new(sums, fours[atA], fours[atA + 16], fours[atB], fours[atB + 16]);

                buffer = (buffer + 1) % Buffers;
                ahead = (ahead + 1) % Buffers;
            }

            sums.Write(new TileWriter(layout, item), c, bias, firstRow + (4 * y), firstColumn + (4 * x), activation);

            // The next item's first tiles go where this one's last may still be read, or still arrive.
            AsyncCopy.WaitForAll();
            Group.Barrier();
        }
    }
}
