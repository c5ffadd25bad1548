using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The gradient of the weight where the inputs fill a register tile: for each tap, inputs times gradient, summed over the pixels at which
/// the tap meets the image. A tile has eight input channels as rows and output channels as columns. A chunk is some of the rows of a group,
/// with all columns, for all taps.
/// </summary>
/// <remarks>
/// The input is packed. So is the gradient where its pixels are long: the lines that a tile reads, far from each other, would fall into few
/// sets of the caches. Where they are short it is read in place, because every chunk would have to pack all of it.
/// </remarks>
internal unsafe struct ChannelGradientJob<TV, T> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    internal required HostMemoryPool Pool;
    internal required Conv2dShape Shape;
    internal required Images<T> Input;
    internal required Images<T> Gradient;
    internal required GradientTarget<T> Target;
    internal required ColumnPanels Panels;

    /// <summary>Bytes of a pixel of the gradient that is read in place, at most.</summary>
    private const int ShortPixel = 512;

    /// <summary>Tiles of rows of a chunk.</summary>
    internal required int ChunkTiles;

    internal static int TileRows => TileSize<TV, T>.Rows;

    /// <summary>Tiles of rows of a group.</summary>
    internal readonly int Tiles => (Shape.GroupInputs + TileRows - 1) / TileRows;

    internal readonly int ChunksDown => (Tiles + ChunkTiles - 1) / ChunkTiles;

    private readonly bool GradientInPlace => Gradient.Channels * sizeof(T) <= ShortPixel && Panels.Columns % TV.Count == 0;

    internal readonly int Chunks => Panels.Groups * ChunksDown;

    public readonly void Run(int chunk)
    {
        int group = chunk / ChunksDown, tile = chunk % ChunksDown * ChunkTiles, tiles = Math.Min(ChunkTiles, Tiles - tile);
        GradientBlock blocks = GradientBlock.Of(Shape.Batch, Shape.OutputHeight, Shape.OutputWidth);
        int columns = Panels.Vectors * TV.Count, taps = Shape.LiveTaps;

        // In one block of memory: the sums, the packed gradient, the packed input, the runs of depths.
        long sumsLength = (long)taps * tiles * TileRows * columns;
        long rightLength = GradientInPlace ? 0
            : (long)blocks.Images * blocks.Rows * Shape.OutputWidth * Math.Min(columns, TileSize<TV, T>.Columns);
        int inputRows = Math.Min(
            ((blocks.Rows - 1) * Shape.StrideHeight) + ((Shape.KernelHeight - 1) * Shape.DilationHeight) + 1, Shape.Height);
        long leftLength = (long)blocks.Images * inputRows * Shape.Width * TileRows * tiles;
        long bytes = HostMemoryPool.RoundUp(
            ((sumsLength + rightLength + leftLength) * sizeof(T)) + ((long)blocks.Images * blocks.Rows * sizeof(Segment)));
        using PoolBlock memory = new(Pool, bytes);
        T* sums = (T*)memory.Address, right = sums + sumsLength, left = right + rightLength;
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
                    Target.Write(panel + ((((nint)tap * tiles * TileRows) + c) * width), group, tap, (tile * TileRows) + c, column,
                        used);
            }
        }
    }

    private readonly void Block(
        in GradientBlock blocks, int block, int group, int tile, int tiles, T* sums, T* right, T* left, Segment* segments)
    {
        blocks.Locate(block, out int image, out int images, out int row, out int rows);
        int firstRow = Math.Max((row * Shape.StrideHeight) - Shape.Padding.Top, 0);
        int endRow = Math.Min(
            ((row + rows - 1) * Shape.StrideHeight) + ((Shape.KernelHeight - 1) * Shape.DilationHeight) - Shape.Padding.Top + 1,
            Shape.Height);
        int seen = Math.Max(endRow - firstRow, 0), pixels = rows * Shape.OutputWidth;
        Operand input = new(left, TileRows, (nint)seen * Shape.Width * TileRows);
        nint tileLength = (nint)images * seen * Shape.Width * TileRows;
        for (int n = 0; n < images; n++)
        {
            PackInput(
                Input.At(image + n, firstRow, 0) + (group * Shape.GroupInputs) + (tile * TileRows),
                Math.Min(tiles * TileRows, Shape.GroupInputs - (tile * TileRows)),
                seen * Shape.Width, left + (n * input.Image), tileLength, Input.Channels);
        }

        for (int p = 0; p < Panels.PerGroup; p++)
        {
            Panels.Locate(p, out _, out int vector, out int vectors);
            int column = vector * TV.Count, width = vectors * TV.Count;
            T* source = Gradient.At(image, row, 0) + (group * Panels.Columns) + column;
            Operand gradient = GradientInPlace ? new(source, Gradient.Channels, Gradient.ImageStride)
                : new(right, width, (nint)pixels * width);
            if (!GradientInPlace)
            {
                for (int n = 0; n < images; n++)
                    PanelCopy.Rows(source + (n * Gradient.ImageStride), Gradient.Channels, Math.Min(width, Panels.Columns - column), pixels,
                        right + (n * gradient.Image), width);
            }

            for (int tap = 0; tap < Shape.LiveTaps; tap++)
            {
                int count = FindSegments(
                    tap / Shape.KernelWidth, tap % Shape.KernelWidth, images, row, rows, firstRow, input, gradient, segments);
                for (int t = 0; t < tiles; t++, sums += (nint)TileRows * width)
                    Tile(input.First + (t * tileLength), input.Pixel, vectors, gradient, segments, count, sums, block > 0);
            }
        }
    }

    /// <summary>Where the pixels of a block lie.</summary>
    /// <param name="first">The first.</param>
    /// <param name="pixel">Elements from one to the next.</param>
    /// <param name="image">Elements from one image to the next.</param>
    private readonly struct Operand(T* first, nint pixel, nint image)
    {
        internal readonly T* First = first;
        internal readonly nint Pixel = pixel;
        internal readonly nint Image = image;
    }

    /// <summary>
    /// Copies channels of pixels to one array for each tile of rows: [tile][pixel][rows of a tile], zeros for rows beyond the channels.
    /// </summary>
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

    private readonly void Tile(T* left, nint leftPixel, int vectors, in Operand right, Segment* segments, int count, T* sums, bool load)
    {
        T** rows = stackalloc T*[8];
        for (int i = 0; i < TileRows; i++) rows[i] = left + i;
        MicroKernel<TV, T>.Run(rows, Shape.StrideWidth * leftPixel, vectors, right.First, right.Pixel, segments, count, sums,
            vectors * TV.Count, load);
    }

    /// <summary>The rows of output pixels, of the packed ones, at which tap [i, j] meets the image.</summary>
    private readonly int FindSegments(
        int i, int j, int images, int row, int rows, int firstRow, in Operand input, in Operand gradient, Segment* segments)
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
                    (n * input.Image) + ((((nint)y * Shape.Width) + x) * input.Pixel),
                    (n * gradient.Image) + ((((nint)(v - row) * Shape.OutputWidth) + xFrom) * gradient.Pixel), xTo - xFrom);
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
