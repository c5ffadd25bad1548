using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// What <see cref="TileLoader"/> does, by copies that nobody waits for: tiles of one operand, 128 lines of depth 8, from memory to shared
/// memory, where they lie depth by depth. Neighbouring lines travel 16 bytes at a time; where neighbours in memory are neighbours in depth,
/// each number finds its own place.
/// </summary>
/// <param name="lines">The lines of the operand.</param>
/// <param name="depth">The depth of each.</param>
/// <param name="lineStride">Elements from one line to the next.</param>
/// <param name="depthStride">Elements from one step in depth to the next.</param>
/// <param name="fours">1 where four neighbours may be copied at once.</param>
/// <param name="start">Where the operand starts.</param>
/// <param name="firstLine">The first line of the tile.</param>
/// <param name="address">The address of the memory's first element.</param>
internal readonly struct AsyncTileLoader(
    int lines, int depth, int lineStride, int depthStride, int fours, int start, int firstLine, long address)
{
    private const int Line = 4 * RegisterTileMatMul.Line;

    /// <summary>
    /// Starts this thread's four copies of the tile at a depth, into shared memory from <paramref name="to"/> on; zeros outside the
    /// operand.
    /// </summary>
    internal void Start(ArrayView<FloatScalar> operand, int firstDepth, ArrayView<FloatScalar> tile, int to)
    {
        int ownLine = depthStride == 1 ? Group.IdxX / 2 : Group.IdxX % 32 * 4;
        int ownDepth = depthStride == 1 ? Group.IdxX % 2 * 4 : Group.IdxX / 32;
        int line = firstLine + ownLine;
        int place = firstDepth + ownDepth;
        bool inside = line < lines && place < depth;
        int left = !inside ? 0 : depthStride == 1 ? depth - place : lines - line;

        // What lies outside is not read; its address is that of the first element, which can be.
        int from = inside ? start + (line * lineStride) + (place * depthStride) : 0;
        to += (ownDepth * Line) + ownLine;
        if (depthStride != 1 && fours != 0)
        {
            AsyncCopy.Four(tile, to, operand, address, from, inside ? 16 : 0);
            return;
        }

        int step = depthStride == 1 ? Line : 1;
        for (int i = 0; i < 4; i++, to += step) AsyncCopy.One(tile, to, operand, address, i < left ? from + i : 0, i < left ? 4 : 0);
    }
}
