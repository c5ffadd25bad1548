using System.Runtime.CompilerServices;
using Engine.Kernels.Gemm;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv;

/// <summary>
/// The gradient of the weight where the inputs fill a register tile: for each tap, inputs times gradient, summed over the pixels at which the tap meets the image. A tile has eight
/// input channels as rows and output channels as columns. A chunk is some of the rows of a group, with all columns, for all taps.
/// </summary>
internal unsafe struct ChannelGradientJob<TV, T> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    internal required HostMemoryPool Pool;
    internal required Conv2dShape Shape;
    internal required Images<T> Input;
    internal required Images<T> Gradient;
    internal required GradientTarget<T> Target;
    internal required ColumnPanels Panels;

    /// <summary>Tiles of rows of a chunk.</summary>
    internal required int ChunkTiles;

    internal static int TileRows => TileSize<TV, T>.Rows;

    /// <summary>Tiles of rows of a group.</summary>
    internal readonly int Tiles => (Shape.GroupInputs + TileRows - 1) / TileRows;

    internal readonly int ChunksDown => (Tiles + ChunkTiles - 1) / ChunkTiles;

    internal readonly int Chunks => Panels.Groups * ChunksDown;

    public readonly void Run(int chunk)
    {
        int group = chunk / ChunksDown, tile = chunk % ChunksDown * ChunkTiles, tiles = Math.Min(ChunkTiles, Tiles - tile);
        GradientBlock blocks = GradientBlock.Of(Shape.Batch, Shape.OutputHeight, Shape.OutputWidth);
        int columns = Panels.Vectors * TV.Count, taps = Shape.KernelHeight * Shape.KernelWidth;

        // In one block of memory: the sums, the packed gradient, the packed input, the runs of depths.
        long sumsLength = (long)taps * tiles * TileRows * columns;
        long rightLength = (long)blocks.Images * blocks.Rows * Shape.OutputWidth * columns;
        int inputRows = Math.Min(((blocks.Rows - 1) * Shape.StrideHeight) + ((Shape.KernelHeight - 1) * Shape.DilationHeight) + 1, Shape.Height);
        long leftLength = (long)blocks.Images * inputRows * Shape.Width * TileRows * tiles;
        long bytes = HostMemoryPool.RoundUp(
            ((sumsLength + rightLength + leftLength) * sizeof(T)) + ((long)blocks.Images * blocks.Rows * sizeof(Segment)));
        nint memory = Pool.Rent(bytes);
        try
        {
            T* sums = (T*)memory, right = sums + sumsLength, left = right + rightLength;
            Segment* segments = (Segment*)(left + leftLength);
            if (blocks.Count == 0) new Span<T>(sums, checked((int)sumsLength)).Clear();
            for (int block = 0; block < blocks.Count; block++) Block(blocks, block, group, tile, tiles, sums, right, left, segments);
            for (int p = 0; p < Panels.PerGroup; p++)
            {
                Panels.Locate(p, out _, out int vector, out int vectors);
                int column = vector * TV.Count, width = vectors * TV.Count, used = Math.Min(width, Panels.Columns - column);
                T* panel = sums + ((nint)taps * tiles * TileRows * column);
                for (int tap = 0; tap < taps; tap++)
                {
                    for (int c = 0; c < tiles * TileRows && (tile * TileRows) + c < Shape.GroupInputs; c++)
                        Target.Write(panel + ((((nint)tap * tiles * TileRows) + c) * width), group, tap, (tile * TileRows) + c, column, used);
                }
            }
        }
        finally
        {
            Pool.Return(memory, bytes);
        }
    }

    private readonly void Block(
        in GradientBlock blocks, int block, int group, int tile, int tiles, T* sums, T* right, T* left, Segment* segments)
    {
        blocks.Locate(block, out int image, out int images, out int row, out int rows);
        int firstRow = Math.Max((row * Shape.StrideHeight) - Shape.Padding.Top, 0);
        int endRow = Math.Min(
            ((row + rows - 1) * Shape.StrideHeight) + ((Shape.KernelHeight - 1) * Shape.DilationHeight) - Shape.Padding.Top + 1, Shape.Height);
        int seen = Math.Max(endRow - firstRow, 0), pixels = rows * Shape.OutputWidth;
        nint tileLength = (nint)images * seen * Shape.Width * TileRows;
        for (int n = 0; n < images; n++)
        {
            PackInput(
                Input.At(image + n, firstRow, 0) + (group * Shape.GroupInputs) + (tile * TileRows), Math.Min(tiles * TileRows, Shape.GroupInputs - (tile * TileRows)),
                seen * Shape.Width, left + ((nint)n * seen * Shape.Width * TileRows), tileLength, Input.Channels);
            for (int p = 0; p < Panels.PerGroup; p++)
            {
                Panels.Locate(p, out _, out int vector, out int vectors);
                int column = vector * TV.Count, width = vectors * TV.Count;
                PanelCopy.Rows(
                    Gradient.At(image + n, row, 0) + (group * Panels.Columns) + column, Gradient.Channels, Math.Min(width, Panels.Columns - column), pixels,
                    right + ((((nint)images * column) + ((nint)n * width)) * pixels), width);
            }
        }

        for (int p = 0; p < Panels.PerGroup; p++)
        {
            Panels.Locate(p, out _, out int vector, out int vectors);
            int width = vectors * TV.Count;
            T* panel = right + ((nint)images * vector * TV.Count * pixels);
            for (int i = 0; i < Shape.KernelHeight; i++)
            {
                for (int j = 0; j < Shape.KernelWidth; j++)
                {
                    int count = FindSegments(i, j, images, row, rows, firstRow, seen, width, segments);
                    for (int t = 0; t < tiles; t++, sums += (nint)TileRows * width) Tile(left + (t * tileLength), vectors, panel, segments, count, sums, block > 0);
                }
            }
        }
    }

    /// <summary>Copies channels of pixels to one array for each tile of rows: [tile][pixel][rows of a tile], zeros for rows beyond the channels.</summary>
    private static void PackInput(T* source, int channels, int pixels, T* left, nint tileLength, nint channelsOfAPixel)
    {
        int whole = channels / TileRows;
        for (int p = 0; p < pixels; p++)
        {
            T* from = source + (p * channelsOfAPixel), to = left + ((nint)p * TileRows);
            for (int t = 0; t < whole; t++, from += TileRows, to += tileLength)
                Unsafe.CopyBlockUnaligned(to, from, (uint)(TileSize<TV, T>.Rows * sizeof(T)));
        }

        int rest = channels - (whole * TileRows);
        if (rest > 0) PanelCopy.Rows(source + (whole * TileRows), channelsOfAPixel, rest, pixels, left + (whole * tileLength), TileRows);
    }

    private readonly void Tile(T* left, int vectors, T* right, Segment* segments, int count, T* sums, bool load)
    {
        T** rows = stackalloc T*[8];
        for (int i = 0; i < TileRows; i++) rows[i] = left + i;
        RowsKernel<TV, T>.Run(rows, (nint)Shape.StrideWidth * TileRows, vectors, right, segments, count, sums, vectors * TV.Count, load);
    }

    /// <summary>The rows of output pixels, of the packed ones, at which tap [i, j] meets the image.</summary>
    private readonly int FindSegments(int i, int j, int images, int row, int rows, int firstRow, int seen, int width, Segment* segments)
    {
        (int yFrom, int yTo) = Inside(Shape.Height, Shape.OutputHeight, Shape.StrideHeight, (i * Shape.DilationHeight) - Shape.Padding.Top);
        (int xFrom, int xTo) = Inside(Shape.Width, Shape.OutputWidth, Shape.StrideWidth, (j * Shape.DilationWidth) - Shape.Padding.Left);
        if (xFrom >= xTo) return 0;
        int count = 0, x = (xFrom * Shape.StrideWidth) + (j * Shape.DilationWidth) - Shape.Padding.Left;
        for (int n = 0; n < images; n++)
        {
            for (int v = Math.Max(yFrom, row); v < Math.Min(yTo, row + rows); v++)
            {
                int y = (v * Shape.StrideHeight) + (i * Shape.DilationHeight) - Shape.Padding.Top - firstRow;
                segments[count++] = new Segment(
                    (((((nint)n * seen) + y) * Shape.Width) + x) * TileRows,
                    (((((nint)n * rows) + v - row) * Shape.OutputWidth) + xFrom) * width, xTo - xFrom);
            }
        }

        return count;
    }

    /// <summary>The outputs o with 0 &lt;= o stride + offset &lt; extent.</summary>
    private static (int From, int To) Inside(int extent, int outputs, int stride, int offset)
    {
        int from = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        int to = offset >= extent ? 0 : ((extent - 1 - offset) / stride) + 1;
        return (from, Math.Min(to, outputs));
    }
}
