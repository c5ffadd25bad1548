using Engine.Kernels.Ladder;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.TensorCore;

/// <summary>
/// Rungs 5 and 6: the tensor cores, which multiply small matrices by one instruction of a whole warp (mma.sync, from sm_80 on): 16 x 8 of C in 8 steps of K with TF32, in 16 with bfloat16, eight or sixteen times the
/// multiplications that its lanes could do in float32. So the way to them has to be wide, and everything here is for that:
///
/// - The operands come rounded, with neighbours in depth side by side and zeros where they end (<see cref="OperandPacking"/>). Nothing asks for bounds, and TF32 and bfloat16 are the same kernel: a step takes 64 bytes of depth of each line.
/// - A group of 128 threads computes 128 x 128 of C, each of its four warps 64 x 64: 32 products for 8 pieces of shared memory a step. A warp's tile of half the width would read as much for half the work, and shared
///   memory could not keep up.
/// - Three steps' tiles are in shared memory, 48 KB, all that a group may have: one is computed from while two travel (<see cref="AsyncCopy"/>).
/// - A line's four chunks of 16 bytes lie in it in an order that changes with the line: chunk c is at place c ^ (line / 2 % 4). The eight lines that ldmatrix reads at once then lie in all 32 banks, with no room lost to padding.
/// - The sums live in registers that only the PTX knows (<see cref="TensorTilePtx"/>), and leave through shared memory, sixteen rows at a time: so epilogue and bounds are those of the other rungs (<see cref="TileWriter"/>), with 16-byte writes.
/// </summary>
internal static class TensorTileMatMul
{
    internal const int Tile = 128;
    internal const int Threads = 128;

    /// <summary>Chunks of 16 bytes that a step takes of each line.</summary>
    internal const int ChunksOfStep = 4;

    private const int Stages = 3;
    private const int LineBytes = 16 * ChunksOfStep;
    private const int OperandBytes = Tile * LineBytes;
    private const int StageBytes = 2 * OperandBytes;

    /// <summary>A row of 64 sums on its way out, and some room so that neighbouring rows are in different banks.</summary>
    private const int OutputRowBytes = 288;

    internal static void Run<TRounding, TActivation>(
        IlgpuDevice device, in MatMulShape shape, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TActivation : unmanaged, IUnaryOp
    {
        PackedLayout layoutA = PackedLayout.OfA(shape, layout, TRounding.PerChunk), layoutB = PackedLayout.OfB(shape, layout, TRounding.PerChunk);
        Storage packedA = OperandPacking.Run<TRounding>(device, layoutA, a), packedB = OperandPacking.Run<TRounding>(device, layoutB, b);
        Action<MatMulLayout, PackedLayout, long, PackedLayout, long, ArrayView<FloatScalar>, ArrayView<FloatScalar>, TActivation> kernel = Kernel<TRounding, TActivation>;
        Index3D grid = new(layoutA.PackedLines / Tile, layoutB.PackedLines / Tile, Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Threads, 1, 1)), layout, layoutA, IlgpuStorage.AddressOf(packedA), layoutB, IlgpuStorage.AddressOf(packedB),
            IlgpuStorage.ViewOf<FloatScalar>(bias ?? c), IlgpuStorage.ViewOf<FloatScalar>(c), activation);

        // Launches follow one another on one stream: whoever gets this memory next uses it after the product has.
        packedA.Release();
        packedB.Release();
    }

    private static void Kernel<TRounding, TActivation>(
        MatMulLayout layout, PackedLayout layoutA, long a, PackedLayout layoutB, long b, ArrayView<FloatScalar> bias, ArrayView<FloatScalar> c, TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> shared = SharedMemory.Allocate<Four<FloatScalar>>(Stages * StageBytes / 16);
        int thread = Group.IdxX;
        int lane = thread % 32;
        int warp = thread / 32;
        int warpRow = warp / 2 * 64;
        int warpColumn = warp % 2 * 64;
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;

        // A thread copies one chunk of each 32nd line. It lies among the line's four where no other line of its eight has it.
        int copyTo = (thread / 4 * LineBytes) + (((thread % 4) ^ (thread / 8 % 4)) * 16);

        // Sixteen lanes name the sixteen lines of a piece of op(A), for the first chunk of a half step, the others for the second; of op(B) eight lanes and eight.
        int pieceA = ((warpRow + (lane % 16)) * LineBytes) + (((lane / 16) ^ (lane % 8 / 2)) * 16);
        int pieceB = OperandBytes + ((warpColumn + (lane % 8) + (lane / 16 * 8)) * LineBytes) + (((lane / 8 % 2) ^ (lane % 8 / 2)) * 16);
        CudaAsm.Emit(TensorTilePtx.Declare);
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int stepDepth = ChunksOfStep * TRounding.PerChunk;
            int steps = (layout.DepthOf(item) + stepDepth - 1) / stepDepth;
            int firstChunk = (item % layout.Parts * layout.PartDepth / TRounding.PerChunk) + (thread % 4);
            int productA = layoutA.Products == 1 ? 0 : item / layout.Parts;
            int productB = layoutB.Products == 1 ? 0 : item / layout.Parts;
            long linesA = ((long)productA * layoutA.PackedLines) + firstRow + (thread / 4);
            long linesB = ((long)productB * layoutB.PackedLines) + firstColumn + (thread / 4);
            long fromA = a + (((linesA * layoutA.Chunks) + firstChunk) * 16L);
            long fromB = b + (((linesB * layoutB.Chunks) + firstChunk) * 16L);
            long furtherA = layoutA.Chunks * (32L * 16L);
            long furtherB = layoutB.Chunks * (32L * 16L);
            CudaAsm.Emit(TensorTilePtx.Clear);
            for (int ahead = 0; ahead < Stages - 1; ahead++, fromA += LineBytes, fromB += LineBytes)
                Start(ahead < steps, copyTo + (ahead * StageBytes), fromA, furtherA, fromB, furtherB);

            int stage = 0;
            int free = (Stages - 1) * StageBytes;
            for (int step = 0; step < steps; step++, fromA += LineBytes, fromB += LineBytes)
            {
                AsyncCopy.WaitForAllButOne();
                Group.Barrier();
                Start(step + Stages - 1 < steps, copyTo + free, fromA, furtherA, fromB, furtherB);
                Multiply<TRounding>(stage + pieceA, stage + pieceB);
                Multiply<TRounding>(stage + (pieceA ^ 32), stage + (pieceB ^ 32));
                free = stage;
                stage = stage == (Stages - 1) * StageBytes ? 0 : stage + StageBytes;
            }

            AsyncCopy.WaitForAll();
            TileWriter writer = new(layout, item);
            for (int rows = 0; rows < 4; rows++)
            {
                Group.Barrier();
                StoreSums(rows, (warp * 16 * OutputRowBytes) + (lane / 4 * OutputRowBytes) + (lane % 4 * 8));
                Group.Barrier();
                for (int four = lane; four < 16 * 16; four += 32)
                {
                    int row = four / 16;
                    Four<FloatScalar> sum = shared[(((warp * 16) + row) * OutputRowBytes / 16) + (four % 16)];
                    writer.Write(c, bias, firstRow + warpRow + (16 * rows) + row, firstColumn + warpColumn + (four % 16 * 4), sum, activation);
                }
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
            CudaAsm.Emit(TensorTilePtx.Copy, to + OperandBytes, fromB, furtherB);
        }

        AsyncCopy.Commit();
    }

    private static void Multiply<TRounding>(int pieceA, int pieceB) where TRounding : unmanaged, IOperandRounding
    {
        if (TRounding.PerChunk == 4) CudaAsm.Emit(TensorTilePtx.StepTf32, pieceA, pieceB);
        else CudaAsm.Emit(TensorTilePtx.StepBFloat16, pieceA, pieceB);
    }

    private static void StoreSums(int rows, int to)
    {
        if (rows == 0) CudaAsm.Emit(TensorTilePtx.Store0, to);
        else if (rows == 1) CudaAsm.Emit(TensorTilePtx.Store1, to);
        else if (rows == 2) CudaAsm.Emit(TensorTilePtx.Store2, to);
        else CudaAsm.Emit(TensorTilePtx.Store3, to);
    }
}
