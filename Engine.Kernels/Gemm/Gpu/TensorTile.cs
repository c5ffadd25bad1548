using Engine.Kernels.Conv.Gpu;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gemm.Gpu;

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
