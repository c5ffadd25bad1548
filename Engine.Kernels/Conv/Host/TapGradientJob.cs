using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The gradient of the weight where one side has too few channels for the rows of a register tile: the rows are taps of the kernel, and the
/// side of few channels, the left one, is packed with its padding, so that all taps meet it at every pixel of the right one.
/// </summary>
internal unsafe struct TapGradientJob<TV, T> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    internal required HostMemoryPool Pool;
    internal required TapGeometry Geometry;
    internal required Images<T> Left;
    internal required Images<T> Right;
    internal required GradientTarget<T> Target;
    internal required int Batch;

    /// <summary>Channels of the left side in a group.</summary>
    internal required int LeftChannels;

    /// <summary>The channels of the right side.</summary>
    internal required ColumnPanels Panels;

    /// <summary>Tiles of rows of a chunk.</summary>
    internal required int ChunkTiles;

    internal static int TileRows => TileSize<TV, T>.Rows;

    /// <summary>Taps times channels of the left side.</summary>
    internal readonly int Rows => Geometry.Taps * LeftChannels;

    internal readonly int Tiles => (Rows + TileRows - 1) / TileRows;

    internal readonly int ChunksDown => (Tiles + ChunkTiles - 1) / ChunkTiles;

    internal readonly int Chunks => Panels.Count * ChunksDown;

    public readonly void Run(int chunk)
    {
        Panels.Locate(chunk / ChunksDown, out int group, out int vector, out int vectors);
        int tile = chunk % ChunksDown * ChunkTiles, tiles = Math.Min(ChunkTiles, Tiles - tile);
        GradientBlock blocks = GradientBlock.Of(Batch, Right.Height, Right.Width);
        int column = vector * TV.Count, width = vectors * TV.Count, columns = Math.Min(width, Panels.Columns - column);
        int pitch = TapGeometry.Seen(Right.Width, Geometry.StrideWidth, Geometry.KernelWidth, Geometry.DilationWidth);
        int tall = TapGeometry.Seen(blocks.Rows, Geometry.StrideHeight, Geometry.KernelHeight, Geometry.DilationHeight);

        long sumsLength = (long)tiles * TileRows * width;
        long rightLength = (long)blocks.Images * blocks.Rows * Right.Width * width;
        long leftLength = (long)blocks.Images * tall * pitch * LeftChannels;
        leftLength = (leftLength + 15) / 16 * 16;
        long bytes = HostMemoryPool.RoundUp(
            ((sumsLength + rightLength + leftLength) * sizeof(T)) + ((long)blocks.Images * blocks.Rows * sizeof(Segment)));
        using PoolBlock memory = new(Pool, bytes);
        T* sums = (T*)memory.Address, right = sums + sumsLength, left = right + rightLength;
        Segment* segments = (Segment*)(left + leftLength);
        if (blocks.Count == 0) new Span<T>(sums, checked((int)sumsLength)).Clear();
        for (int block = 0; block < blocks.Count; block++)
        {
            blocks.Locate(block, out int image, out int images, out int row, out int rows);
            int high = TapGeometry.Seen(rows, Geometry.StrideHeight, Geometry.KernelHeight, Geometry.DilationHeight), count = 0;
            for (int n = 0; n < images; n++)
            {
                PanelCopy.Rows(
                    Right.At(image + n, row, 0) + (group * Panels.Columns) + column, Right.Channels, columns, rows * Right.Width,
                    right + ((nint)n * rows * Right.Width * width), width);
                T* padded = left + ((nint)n * high * pitch * LeftChannels);
                CopyPadded(image + n, (row * Geometry.StrideHeight) - Geometry.Above, high, pitch, group * LeftChannels, padded);
                for (int v = 0; v < rows; v++)
                {
                    segments[count++] = new Segment(
                        (((nint)n * high) + ((nint)v * Geometry.StrideHeight)) * pitch * LeftChannels,
                        (((nint)n * rows) + v) * Right.Width * width, Right.Width);
                }
            }

            for (int t = 0; t < tiles; t++)
                Tile(left, pitch, (tile + t) * TileRows, vectors, right, segments, count, sums + ((nint)t * TileRows * width),
                    block > 0);
        }

        for (int r = 0; r < tiles * TileRows && (tile * TileRows) + r < Rows; r++)
        {
            int at = (tile * TileRows) + r, tap = Geometry.FirstTap + (at / LeftChannels);
            if (Geometry.Reversed) tap = (Geometry.KernelHeight * Geometry.KernelWidth) - 1 - tap;
            Target.Write(sums + ((nint)r * width), group, tap, at % LeftChannels, column, columns);
        }
    }

    private readonly void Tile(T* left, int pitch, int row, int vectors, T* right, Segment* segments, int count, T* sums, bool load)
    {
        T** rows = stackalloc T*[8];
        for (int r = 0; r < TileRows; r++)
        {
            // What a tile has too many repeats the last row.
            int at = Math.Min(row + r, Rows - 1), tap = Geometry.FirstTap + (at / LeftChannels);
            int i = tap / Geometry.KernelWidth * Geometry.DilationHeight, j = tap % Geometry.KernelWidth * Geometry.DilationWidth;
            rows[r] = left + ((((nint)i * pitch) + j) * LeftChannels) + (at % LeftChannels);
        }

        MicroKernel<TV, T>.Run(rows, (nint)Geometry.StrideWidth * LeftChannels, vectors, right, vectors * TV.Count, segments, count, sums,
            vectors * TV.Count, load);
    }

    /// <summary>Copies rows of an image with the columns that the taps see, zeros outside it.</summary>
    private readonly void CopyPadded(int image, int firstRow, int rows, int pitch, int channel, T* padded)
    {
        int before = Math.Clamp(Geometry.Before, 0, pitch), from = Math.Max(-Geometry.Before, 0);
        int inside = Math.Clamp(Left.Width - from, 0, pitch - before);
        for (int v = 0; v < rows; v++, padded += (nint)pitch * LeftChannels)
        {
            int y = firstRow + v;
            if (y < 0 || y >= Left.Height || inside == 0)
            {
                new Span<T>(padded, pitch * LeftChannels).Clear();
                continue;
            }

            new Span<T>(padded, before * LeftChannels).Clear();
            T* source = Left.At(image, y, from) + channel, target = padded + (before * LeftChannels);
            if (LeftChannels == Left.Channels)
            {
                new ReadOnlySpan<T>(source, inside * LeftChannels).CopyTo(new Span<T>(target, inside * LeftChannels));
            }
            else
            {
                for (int x = 0; x < inside; x++)
                    for (int c = 0; c < LeftChannels; c++) target[(x * LeftChannels) + c] = source[((nint)x * Left.Channels) + c];
            }

            new Span<T>(target + (inside * LeftChannels), (pitch - before - inside) * LeftChannels).Clear();
        }
    }
}

/// <summary>
/// Which pixel of the left side a tap takes for a pixel [y, x] of the right side: [y StrideHeight + i DilationHeight - Above, x StrideWidth
/// + j DilationWidth - Before].
/// </summary>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="StrideHeight">Rows of the left side for each of the right.</param>
/// <param name="StrideWidth">Columns of the left side for each of the right.</param>
/// <param name="DilationHeight">Rows from one tap to the next.</param>
/// <param name="DilationWidth">Columns from one tap to the next.</param>
/// <param name="Above">How far above pixel 0 the first tap reaches; negative when it starts below.</param>
/// <param name="Before">How far left of pixel 0 it reaches.</param>
/// <param name="Reversed">Whether the taps are counted from the kernel's end.</param>
/// <param name="FirstTap">The first tap, as they are counted, that takes part; those that do lie one after the other.</param>
/// <param name="Taps">How many take part.</param>
internal readonly record struct TapGeometry(
    int KernelHeight, int KernelWidth, int StrideHeight, int StrideWidth, int DilationHeight, int DilationWidth, int Above, int Before,
    bool Reversed, int FirstTap, int Taps)
{
    /// <summary>The input on the left, the gradient of the output on the right.</summary>
    internal static TapGeometry Of(in Conv2dShape shape) => new(
        shape.KernelHeight, shape.KernelWidth, shape.StrideHeight, shape.StrideWidth, shape.DilationHeight, shape.DilationWidth,
        shape.Padding.Top, shape.Padding.Left, Reversed: false, 0, shape.LiveTaps);

    /// <summary>
    /// The gradient of the output on the left, the input on the right, for a stride of 1: input q meets output q + p - k d, which is
    /// q + k' d - ((K - 1) d - p) with the taps counted from the other end.
    /// </summary>
    internal static TapGeometry Exchanged(in Conv2dShape shape) => new(
        shape.KernelHeight, shape.KernelWidth, 1, 1, shape.DilationHeight, shape.DilationWidth,
        ((shape.KernelHeight - 1) * shape.DilationHeight) - shape.Padding.Top,
        ((shape.KernelWidth - 1) * shape.DilationWidth) - shape.Padding.Left, Reversed: true, shape.MaskedTaps, shape.LiveTaps);

    /// <summary>How far the taps reach over a number of pixels.</summary>
    internal static int Seen(int extent, int stride, int kernel, int dilation) => ((extent - 1) * stride) + ((kernel - 1) * dilation) + 1;
}
