using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Brings tiles of one operand of <see cref="RegisterTileMatMul"/>, 128 lines of depth 8, from memory to shared memory: each of the 256
/// threads four elements that are neighbours in memory. Where those are neighbours in depth (A as it is, B transposed), two threads
/// fetch a line, and four single writes turn it; where they are neighbouring lines, a warp fetches 128 of one depth.
/// </summary>
/// <param name="lines">The lines of the operand.</param>
/// <param name="depth">The depth of each.</param>
/// <param name="lineStride">Elements from one line to the next.</param>
/// <param name="depthStride">Elements from one step in depth to the next.</param>
/// <param name="fours">1 where four neighbours may be read at once.</param>
/// <param name="start">Where the operand starts.</param>
/// <param name="firstLine">The first line of the tile.</param>
internal readonly struct TileLoader(int lines, int depth, int lineStride, int depthStride, int fours, int start, int firstLine)
{
    private int OwnLine => depthStride == 1 ? Group.IdxX / 2 : Group.IdxX % 32 * 4;

    private int OwnDepth => depthStride == 1 ? Group.IdxX % 2 * 4 : Group.IdxX / 32;

    /// <summary>This thread's four elements of the tile that starts at a depth; zeros outside the operand.</summary>
    internal Four<TLane> Load<TLane>(ArrayView<TLane> operand, int firstDepth) where TLane : unmanaged, ILane<TLane>
    {
        int line = firstLine + OwnLine;
        int place = firstDepth + OwnDepth;
        TLane zero = TLane.Of(0);
        Four<TLane> four = new(zero, zero, zero, zero);
        if (line >= lines || place >= depth) return four;
        int at = start + (line * lineStride) + (place * depthStride);

        // Rows whose length is a multiple of four hold the whole four when they hold the first.
        if (fours != 0) return operand.Cast<Four<TLane>>()[at / 4];
        int left = depthStride == 1 ? depth - place : lines - line;
        return new(operand[at], left > 1 ? operand[at + 1] : zero, left > 2 ? operand[at + 2] : zero, left > 3 ? operand[at + 3] : zero);
    }

    /// <summary>Puts the four elements into a buffer of shared memory, which lies depth by depth.</summary>
    internal void Store<TLane>(Four<TLane> four, ArrayView<Four<TLane>> tile, int buffer) where TLane : unmanaged, ILane<TLane>
    {
        if (depthStride != 1)
        {
            tile[buffer + (OwnDepth * RegisterTileMatMul.Line) + (OwnLine / 4)] = four;
            return;
        }

        ArrayView<TLane> single = tile.Cast<TLane>();
        int at = ((buffer + (OwnDepth * RegisterTileMatMul.Line)) * 4) + OwnLine;
        single[at] = four.X;
        single[at + (4 * RegisterTileMatMul.Line)] = four.Y;
        single[at + (8 * RegisterTileMatMul.Line)] = four.Z;
        single[at + (12 * RegisterTileMatMul.Line)] = four.W;
    }
}
