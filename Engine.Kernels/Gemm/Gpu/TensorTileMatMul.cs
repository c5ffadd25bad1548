using Engine.Kernels.Conv.Gpu;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rungs 5 and 6: the tensor cores, which multiply small matrices by one instruction of a whole warp (mma.sync, from sm_80 on): 16 x 8 of C
/// in 8 steps of K with TF32, in 16 with bfloat16, eight or sixteen times the multiplications that its lanes could do in float32. So the
/// way to them has to be wide, and everything here is for that:
///
/// - The operands come rounded, with neighbours in depth side by side and zeros where they end (<see cref="OperandPacking"/>). Nothing
/// checks bounds, and TF32 and bfloat16 are the same kernel: a step takes 64 bytes of depth of each line.
/// - A group of 128 threads computes 128 x 128 of C, each of its four warps 64 x 64: 32 products for 8 pieces of shared memory a step. A
/// warp's tile of half the width would read as much for half the work, and shared memory could not keep up.
/// - Three steps' tiles are in shared memory, 48 KB, all that a group may have: one is computed from while two travel
/// (<see cref="AsyncCopy"/>).
/// - A line's four chunks of 16 bytes lie in it in an order that changes with the line: chunk c is at place c ^ (line / 2 % 4). The eight
/// lines that ldmatrix reads at once then lie in all 32 banks, with no room lost to padding.
/// - The sums live in registers that only the PTX knows (<see cref="TensorTilePtx"/>), and leave through shared memory, sixteen rows at a
/// time: so epilogue and bounds are those of the other rungs (<see cref="TileWriter"/>), with 16-byte writes.
/// </summary>
internal static class TensorTileMatMul
{
    internal static void Run<TRounding, TActivation>(
        GpuDevice device, in MatMulShape shape, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c,
        TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TActivation : unmanaged, IUnaryOp
    {
        PackedLayout layoutA = PackedLayout.OfA(shape, layout, TRounding.PerChunk),
            layoutB = PackedLayout.OfB(shape, layout, TRounding.PerChunk);
        Storage packedA = OperandPacking.Run<TRounding>(device, layoutA, a), packedB = OperandPacking.Run<TRounding>(device, layoutB, b);
        Index3D grid = new(layoutA.PackedLines / TensorTile.Tile, layoutB.PackedLines / TensorTile.Tile,
            Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TRounding, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(TensorTile.Threads, 1, 1)), layout, layoutA, AddressOf(packedA), layoutB,
            AddressOf(packedB), ViewOf<FloatScalar>(bias ?? c), ViewOf<FloatScalar>(c), activation);

        // Launches run in order on one stream: the next user of this memory runs after the product.
        packedA.Release();
        packedB.Release();
    }

    private static void Kernel<TRounding, TActivation>(
        MatMulLayout layout, PackedLayout layoutA, long a, PackedLayout layoutB, long b, ArrayView<FloatScalar> bias,
        ArrayView<FloatScalar> c, TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> shared = SharedMemory.Allocate<Four<FloatScalar>>(TensorTile.SharedFours);
        int thread = Group.IdxX;
        int firstRow = Grid.IdxX * TensorTile.Tile;
        int firstColumn = Grid.IdxY * TensorTile.Tile;
        int copyTo = TensorTile.CopyTo(thread);
        int pieceA = TensorTile.PieceA(thread);
        int pieceB = TensorTile.PieceB(thread);
        CudaAsm.Emit(TensorTilePtx.Declare);
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int stepDepth = TensorTile.ChunksOfStep * TRounding.PerChunk;
            int steps = (layout.DepthOf(item) + stepDepth - 1) / stepDepth;
            int firstChunk = (item % layout.Parts * layout.PartDepth / TRounding.PerChunk) + (thread % 4);
            int productA = layoutA.Products == 1 ? 0 : item / layout.Parts;
            int productB = layoutB.Products == 1 ? 0 : item / layout.Parts;
            long lineA = ((long)productA * layoutA.PackedLines) + firstRow + (thread / 4);
            long lineB = ((long)productB * layoutB.PackedLines) + firstColumn + (thread / 4);
            long fromA = a + (((lineA * layoutA.Chunks) + firstChunk) * 16L);
            long fromB = b + (((lineB * layoutB.Chunks) + firstChunk) * 16L);
            long furtherA = layoutA.Chunks * (32L * 16L);
            long furtherB = layoutB.Chunks * (32L * 16L);
            CudaAsm.Emit(TensorTilePtx.Clear);
            for (int ahead = 0; ahead < TensorTile.Stages - 1; ahead++, fromA += TensorTile.LineBytes, fromB += TensorTile.LineBytes)
                Start(ahead < steps, copyTo + (ahead * TensorTile.StageBytes), fromA, furtherA, fromB, furtherB);

            int stage = 0;
            int free = (TensorTile.Stages - 1) * TensorTile.StageBytes;
            for (int step = 0; step < steps; step++, fromA += TensorTile.LineBytes, fromB += TensorTile.LineBytes)
            {
                AsyncCopy.WaitForAllButOne();
                Group.Barrier();
                Start(step + TensorTile.Stages - 1 < steps, copyTo + free, fromA, furtherA, fromB, furtherB);
                TensorTile.Multiply<TRounding>(stage, pieceA, pieceB);
                free = stage;
                stage = stage == (TensorTile.Stages - 1) * TensorTile.StageBytes ? 0 : stage + TensorTile.StageBytes;
            }

            AsyncCopy.WaitForAll();
            TileWriter writer = new(layout, item);
            int row = firstRow + TensorTile.WarpRow(thread);
            int column = firstColumn + TensorTile.WarpColumn(thread);
            for (int rows = 0; rows < 4; rows++, row += 16)
            {
                Group.Barrier();
                TensorTile.StoreSums(rows, thread);
                Group.Barrier();
                for (int four = thread % 32; four < 16 * 16; four += 32)
                    writer.Write(c, bias, row + (four / 16), column + (four % 16 * 4), shared[TensorTile.SumsAt(four, thread)], activation);
            }

            // The next item's first tiles go where the last sums are read.
            Group.Barrier();
        }
    }

    private static void Start(bool any, int to, long fromA, long furtherA, long fromB, long furtherB)
    {
        if (any)
        {
            CudaAsm.Emit(TensorTilePtx.Copy, to, fromA, furtherA);
            CudaAsm.Emit(TensorTilePtx.Copy, to + TensorTile.OperandBytes, fromB, furtherB);
        }

        AsyncCopy.Commit();
    }
}

/// <summary>
/// What <see cref="TensorTileMatMul"/> and <see cref="TensorTileConv2d"/> have in common: how a group's tiles lie in shared memory, which
/// part of them a warp multiplies, and how its sums leave.
/// </summary>
internal static class TensorTile
{
    /// <summary>Rows and columns that a group computes; each of its four warps 64 x 64 of them.</summary>
    internal const int Tile = 128;

    internal const int Threads = 128;

    /// <summary>Chunks of 16 bytes that a step takes of each line.</summary>
    internal const int ChunksOfStep = 4;

    internal const int Stages = 3;
    internal const int LineBytes = 16 * ChunksOfStep;
    internal const int OperandBytes = Tile * LineBytes;
    internal const int StageBytes = 2 * OperandBytes;

    /// <summary>All that a group may have, in fours.</summary>
    internal const int SharedFours = Stages * StageBytes / 16;

    /// <summary>A row of 64 sums on its way out, and some room so that neighbouring rows are in different banks.</summary>
    private const int OutputRowBytes = 288;

    /// <summary>The first row of a warp's part of the tile.</summary>
    internal static int WarpRow(int thread) => thread / 64 * 64;

    /// <summary>The first column of a warp's part of the tile.</summary>
    internal static int WarpColumn(int thread) => thread / 32 % 2 * 64;

    /// <summary>
    /// Where a thread's chunks go: one of each 32nd line, from line thread / 4 on. It lies among the line's four where no other line of its
    /// eight has it.
    /// </summary>
    internal static int CopyTo(int thread) => (thread / 4 * LineBytes) + (((thread % 4) ^ (thread / 8 % 4)) * 16);

    /// <summary>
    /// The place that a lane names to ldmatrix for op(A): sixteen lanes the lines of a piece, for the first chunk of half a step, the
    /// others for the second.
    /// </summary>
    internal static int PieceA(int thread) =>
        ((WarpRow(thread) + (thread % 16)) * LineBytes) + (((thread % 32 / 16) ^ (thread % 8 / 2)) * 16);

    /// <summary>The same for op(B): eight lanes, and eight for the second chunk, and the same for the next eight lines.</summary>
    internal static int PieceB(int thread) =>
        OperandBytes + ((WarpColumn(thread) + (thread % 8) + (thread % 32 / 16 * 8)) * LineBytes)
            + (((thread / 8 % 2) ^ (thread % 8 / 2)) * 16);

    /// <summary>A step: both halves of the chunks that lie at a stage.</summary>
    internal static void Multiply<TRounding>(int stage, int pieceA, int pieceB) where TRounding : unmanaged, IOperandRounding
    {
        if (TRounding.PerChunk == 4)
        {
            CudaAsm.Emit(TensorTilePtx.StepTf32, stage + pieceA, stage + pieceB);
            CudaAsm.Emit(TensorTilePtx.StepTf32, stage + (pieceA ^ 32), stage + (pieceB ^ 32));
        }
        else
        {
            CudaAsm.Emit(TensorTilePtx.StepBFloat16, stage + pieceA, stage + pieceB);
            CudaAsm.Emit(TensorTilePtx.StepBFloat16, stage + (pieceA ^ 32), stage + (pieceB ^ 32));
        }
    }

    /// <summary>Stores sixteen rows of each warp's sums to shared memory: those from 16 <paramref name="rows"/> on.</summary>
    internal static void StoreSums(int rows, int thread)
    {
        int to = (thread / 32 * 16 * OutputRowBytes) + (thread % 32 / 4 * OutputRowBytes) + (thread % 4 * 8);
        if (rows == 0) CudaAsm.Emit(TensorTilePtx.Store0, to);
        else if (rows == 1) CudaAsm.Emit(TensorTilePtx.Store1, to);
        else if (rows == 2) CudaAsm.Emit(TensorTilePtx.Store2, to);
        else CudaAsm.Emit(TensorTilePtx.Store3, to);
    }

    /// <summary>
    /// Where four of them are in shared memory, in fours: the <paramref name="four"/>th of the 16 x 16 of the thread's warp.
    /// </summary>
    internal static int SumsAt(int four, int thread) => (((thread / 32 * 16) + (four / 16)) * OutputRowBytes / 16) + (four % 16);
}
