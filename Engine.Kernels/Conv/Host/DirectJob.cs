using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution, or the transpose of one, straight from the images: no matrix of patches is made, not even packed. A register tile has
/// eight rows, which are the same pixel of eight images, or, where there are fewer images, pixels side by side; all of them meet the image
/// with the same taps, so the taps that fall on the padding are left out instead of multiplied by zero.
/// </summary>
/// <remarks>
/// A chunk is some of the images, which come band by band. Where the whole weight stays in the second-level cache, it takes all panels of
/// all phases, so that a band is fetched once; a larger weight it takes by one panel of one phase.
/// </remarks>
internal unsafe struct DirectJob<TV, T, TOp> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : unmanaged, IUnaryOp
{
    internal required HostMemoryPool Pool;
    internal required PhaseGrid Grid;
    internal required ColumnPanels Panels;
    internal required WeightPanels<TV, T> Weight;
    internal required Images<T> Source;
    internal required TileWriter<TV, T, TOp> Target;

    /// <summary>Channels of the source that a column sees.</summary>
    internal required int Depth;

    /// <summary>Images.</summary>
    internal required int Batch;

    /// <summary>Images of a chunk.</summary>
    internal required int ChunkImages;

    /// <summary>A chunk takes all panels of all phases.</summary>
    internal required bool Together;

    /// <summary>Images that are walked through together: the rows of a tile.</summary>
    internal static int Band => TileSize<TV, T>.Rows;

    internal readonly int ChunksOfImages => (Batch + ChunkImages - 1) / ChunkImages;

    internal readonly int Chunks => (Together ? 1 : Parts) * ChunksOfImages;

    /// <summary>Panels of all phases.</summary>
    private readonly int Parts => Grid.Down * Grid.Across * Panels.Count;

    public readonly void Run(int chunk)
    {
        int images = chunk % ChunksOfImages, first = chunk / ChunksOfImages, parts = Together ? Parts : 1;
        ConvWorkspace<TV, T> sizes = new(null, Grid.TapsDown * Grid.TapsAcross);
        using PoolBlock block = new(Pool, sizes.Bytes);
        ConvWorkspace<TV, T> work = new((byte*)block.Address, Grid.TapsDown * Grid.TapsAcross);
        int end = Math.Min((images + 1) * ChunkImages, Batch);
        for (int image = images * ChunkImages; image < end; image += Band)
            for (int part = first; part < first + parts; part++) WalkPart(part, image, Math.Min(Band, end - image), work);
    }

    /// <summary>A band's pixels of one phase, and of their columns one panel.</summary>
    private readonly void WalkPart(int part, int image, int images, in ConvWorkspace<TV, T> work)
    {
        int panel = part % Panels.Count, phase = part / Panels.Count;
        int down = phase / Grid.Across, across = phase % Grid.Across;
        ConvPhase rows = Grid.Rows(down), columns = Grid.Columns(across);
        if (rows.Places <= 0 || columns.Places <= 0) return;
        Panels.Locate(panel, out int group, out int vector, out int vectors);
        Place place = new(
            rows, columns, Weight.At(down, across, rows.Taps * columns.Taps, group, vector), group * Depth, group * Panels.Columns,
            vector * TV.Count, Math.Min(vectors * TV.Count, Panels.Columns - (vector * TV.Count)), vectors);
        Target.PrepareBias(place.GroupColumn + place.Column, place.Columns, vectors, work.Bias);
        WalkBand(place, image, images, work);
    }

    /// <summary>What a part computes, but for the images.</summary>
    private readonly struct Place(
        ConvPhase rows, ConvPhase columns, T* weight, int groupChannel, int groupColumn, int column, int count, int vectors)
    {
        internal readonly ConvPhase PhaseRows = rows;
        internal readonly ConvPhase PhaseColumns = columns;
        internal readonly T* Weight = weight;
        internal readonly int GroupChannel = groupChannel;
        internal readonly int GroupColumn = groupColumn;
        internal readonly int Column = column;
        internal readonly int Columns = count;
        internal readonly int Vectors = vectors;
    }

    /// <summary>The pixels of a band, by the taps with which they meet the image.</summary>
    private readonly void WalkBand(in Place place, int image, int images, in ConvWorkspace<TV, T> work)
    {
        for (int y = 0; y < place.PhaseRows.Places;)
        {
            int yEnd = place.PhaseRows.EndOfRun(y);
            for (int x = 0; x < place.PhaseColumns.Places;)
            {
                int xEnd = place.PhaseColumns.EndOfRun(x);
                int segments = FindSegments(place, y, x, work.Segments);
                WalkRectangle(place, image, images, y, yEnd, x, xEnd, segments, work);
                x = xEnd;
            }

            y = yEnd;
        }
    }

    /// <summary>
    /// The runs of depths for the taps that meet the image from a pixel: neighbouring taps are one run where their pixels are neighbours.
    /// </summary>
    private readonly int FindSegments(in Place place, int y, int x, Segment* segments)
    {
        (int yFrom, int yTo) = place.PhaseRows.TapsAt(y);
        (int xFrom, int xTo) = place.PhaseColumns.TapsAt(x);
        if (xFrom == xTo) return 0;
        bool together = place.PhaseColumns.SourceTapStep == 1 && Depth == Source.Channels;
        int width = place.Vectors * TV.Count, count = 0;
        for (int ty = yFrom; ty < yTo; ty++)
        {
            (int from, int to) = Grid.LiveColumns(place.PhaseRows, place.PhaseColumns, ty);
            (from, to) = (Math.Max(from, xFrom), Math.Min(to, xTo));
            int step = together ? to - from : 1;
            for (int tx = from; tx < to; tx += step)
            {
                nint left = (((nint)ty * place.PhaseRows.SourceTapStep * Source.Width) + ((nint)tx * place.PhaseColumns.SourceTapStep))
                    * Source.Channels;
                segments[count++] = new Segment(left, (((nint)ty * place.PhaseColumns.Taps) + tx) * Depth * width, (nint)step * Depth);
            }
        }

        return count;
    }

    /// <summary>A rectangle of pixels that meet the image with the same taps, tile by tile.</summary>
    private readonly void WalkRectangle(
        in Place place, int image, int images, int y, int yEnd, int x, int xEnd, int segments, in ConvWorkspace<TV, T> work)
    {
        int tileRows = TileSize<TV, T>.Rows, width = place.Vectors * TV.Count, filled = 0;
        T** sources = work.Sources;
        T** targets = work.Targets;
        ConvPhase rows = place.PhaseRows, columns = place.PhaseColumns;
        for (int v = y; v < yEnd; v++)
        {
            for (int u = x; u < xEnd; u++)
            {
                T* source = Source.At(
                    image, ((nint)v * rows.SourceStep) + rows.SourceFirst, ((nint)u * columns.SourceStep) + columns.SourceFirst)
                        + place.GroupChannel;
                T* target = Target.At(image, rows.TargetOf(v), columns.TargetOf(u)) + place.GroupColumn + place.Column;
                for (int n = 0; n < images; n++, source += Source.ImageStride, target += Target.ImageStride)
                {
                    sources[filled] = source;
                    targets[filled++] = target;

                    // Written after the sums: a result larger than the caches is on its way by then.
                    Prefetch.Lines(target, place.Columns);
                    if (filled < tileRows) continue;
                    MicroKernel<TV, T>.Run(sources, 1, place.Vectors, place.Weight, width, work.Segments, segments, work.Tile, width,
                        load: false);
                    Target.Write(work.Tile, targets, filled, place.Columns, place.Vectors, work.Bias);
                    filled = 0;
                }
            }
        }

        if (filled == 0) return;

        // The rows that a tile has too many repeat the last one, and are not written.
        for (int i = filled; i < tileRows; i++) sources[i] = sources[filled - 1];
        MicroKernel<TV, T>.Run(sources, 1, place.Vectors, place.Weight, width, work.Segments, segments, work.Tile, width, load: false);
        Target.Write(work.Tile, targets, filled, place.Columns, place.Vectors, work.Bias);
    }
}

/// <summary>What a chunk of a convolution needs besides its operands.</summary>
internal readonly unsafe struct ConvWorkspace<TV, T>(byte* block, int segments)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int MaxRows = 8;

    /// <summary>The sums of a tile.</summary>
    internal readonly T* Tile = (T*)block;

    /// <summary>The bias of the tile's columns, filled up with zeros.</summary>
    internal readonly T* Bias = (T*)block + TileLength;

    /// <summary>A pointer for each row of the tile: what it reads.</summary>
    internal readonly T** Sources = (T**)(block + PointersAt);

    /// <summary>A pointer for each row of the tile: where it goes.</summary>
    internal readonly T** Targets = (T**)(block + PointersAt) + MaxRows;

    /// <summary>The runs of depths.</summary>
    internal readonly Segment* Segments = (Segment*)(block + PointersAt + (2 * MaxRows * sizeof(T*)));

    /// <summary>The size of the block.</summary>
    internal long Bytes => HostMemoryPool.RoundUp(PointersAt + (2 * MaxRows * sizeof(T*)) + ((long)sizeof(Segment) * segments));

    private static int TileLength => TileSize<TV, T>.Columns * TileSize<TV, T>.Rows;

    private static int PointersAt => (TileLength + TileSize<TV, T>.Columns) * sizeof(T);
}
