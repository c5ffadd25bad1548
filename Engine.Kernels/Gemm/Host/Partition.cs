namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// The rectangles of C that threads compute independently of each other. The sum over k is never cut, so the partition changes no result.
/// </summary>
/// <param name="Items">Products in the batch.</param>
/// <param name="Rows">Rows of C.</param>
/// <param name="Columns">Columns of C.</param>
/// <param name="ChunkRows">Rows of a chunk, whole tiles.</param>
/// <param name="ChunkColumns">Columns of a chunk, whole vectors.</param>
/// <param name="ChunkItems">Products of a chunk: more than one only where a chunk is whole matrices.</param>
internal readonly record struct Partition(int Items, int Rows, int Columns, int ChunkRows, int ChunkColumns, int ChunkItems)
{
    /// <summary>Below this many multiply-adds, a second thread costs more than it brings.</summary>
    private const long WorthAThread = 1 << 17;

    /// <summary>
    /// From this many multiply-adds a thread, it gets several chunks, so that a thread that is disturbed does not keep the others waiting.
    /// </summary>
    private const long WorthSeveral = 1 << 25;

    internal int ChunksDown => (Rows + ChunkRows - 1) / ChunkRows;

    internal int ChunksAcross => (Columns + ChunkColumns - 1) / ChunkColumns;

    internal int Chunks => (Items + ChunkItems - 1) / ChunkItems * ChunksDown * ChunksAcross;

    /// <summary>The rectangle of a chunk, in which products.</summary>
    internal void Locate(int chunk, out int item, out int items, out int row, out int rows, out int column, out int columns)
    {
        int across = ChunksAcross, down = ChunksDown;
        column = chunk % across * ChunkColumns;
        row = chunk / across % down * ChunkRows;
        item = chunk / across / down * ChunkItems;
        columns = Math.Min(ChunkColumns, Columns - column);
        rows = Math.Min(ChunkRows, Rows - row);
        items = Math.Min(ChunkItems, Items - item);
    }

    internal static Partition For(int threads, in GemmExtents extents, int tileRows, int vector)
    {
        (int items, int rows, int columns, int depth) = extents;
        long work = (long)rows * columns * Math.Max(depth, 1);
        long wanted = Math.Clamp(work * items / WorthAThread, 1, threads);
        if (work * items / threads > WorthSeveral) wanted *= 4;
        if (wanted == 1 || items >= wanted * 2 || (items >= wanted && work < WorthAThread * threads))
            return new Partition(items, rows, columns, Math.Max(rows, 1), Math.Max(columns, 1), (int)((items + wanted - 1) / wanted));

        // Of all ways to cut each matrix into about that many rectangles, or twice as many, the one that is done first: every thread gets
        // as many chunks as any, and a chunk costs its products and what it packs (a line that is packed costs about four lines of
        // products).
        int perItem = (int)((wanted + items - 1) / items);
        int down = (rows + tileRows - 1) / tileRows, across = (columns + vector - 1) / vector;
        (int Rows, int Columns) best = (down, across);
        long least = long.MaxValue;
        for (int total = perItem; total <= 2 * perItem; total += perItem)
        {
            for (int parts = 1; parts <= Math.Min(total, down); parts++)
            {
                long chunkDown = (down + parts - 1) / parts;
                int partsAcross = Math.Min((total + parts - 1) / parts, across);
                long chunkAcross = (across + partsAcross - 1) / partsAcross;
                long rounds = (((long)items * parts * partsAcross) + threads - 1) / threads;
                long chunkRows = chunkDown * tileRows;
                long cost = rounds * ((chunkRows * chunkAcross) + (4 * chunkRows / vector) + (4 * chunkAcross));
                if (cost >= least) continue;
                least = cost;
                best = ((int)chunkDown, (int)chunkAcross);
            }
        }

        return new Partition(items, rows, columns, best.Rows * tileRows, best.Columns * vector, 1);
    }
}

/// <summary>The extents of a batch of products as the blocked algorithm sees them.</summary>
/// <param name="Items">Products in the batch.</param>
/// <param name="Rows">Lines of the left operand.</param>
/// <param name="Columns">Lines of the right operand.</param>
/// <param name="Depth">The common depth of all lines.</param>
internal readonly record struct GemmExtents(int Items, int Rows, int Columns, int Depth);
