namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// The blocked product of two operands (after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, and Van Zee
/// and van de Geijn, "BLIS", 2015). A chunk is a rectangle of C. For each block of depths the rows of the left operand stay in the
/// second-level cache, where they lie or packed; then the columns of the right operand come panel by panel, and each panel meets all rows
/// at once.
/// </summary>
internal unsafe struct GemmJob<TV, T, TLeft, TRight, TOp> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
    where TLeft : struct, IOperand<T>
    where TRight : struct, IOperand<T>
    where TOp : unmanaged, IUnaryOp
{
    internal required HostMemoryPool Pool;
    internal required Partition Partition;
    internal required TLeft Left;
    internal required TRight Right;
    internal required TileJob<TV, T, TOp> Tiles;
    internal required int Depth;

    /// <summary>Starts the sums at what C holds.</summary>
    internal required bool Accumulate;

    /// <summary>
    /// Blocks of fewer depths than this have no more rows: the lines of C that they write are as many as those that they read.
    /// </summary>
    private const int MinDepthOfBlock = 64;

    /// <summary>How many depths ahead of its use a row of the left operand is requested: some 300 cycles.</summary>
    private const int AheadInDepth = 12;

    public readonly void Run(int chunk)
    {
        long bytes = Workspace<TV, T>.Bytes;
        using PoolBlock block = new(Pool, bytes);
        Workspace<TV, T> work = new((T*)block.Address);
        Partition.Locate(chunk, out int item, out int items, out int row, out int rows, out int column, out int columns);
        for (int i = item; i < item + items; i++) Rectangle(i, row, rows, column, columns, work);
    }

    private readonly void Rectangle(int item, int row, int rows, int column, int columns, in Workspace<TV, T> work)
    {
        int tileRows = TileSize<TV, T>.Rows;
        int depthLimit = EvenPart(Depth, TileSize<TV, T>.Depth);
        int blockRows = TileSize<TV, T>.BlockRows * TileSize<TV, T>.Depth / Math.Max(depthLimit, MinDepthOfBlock);
        int rowLimit = EvenPart((rows + tileRows - 1) / tileRows, blockRows / tileRows) * tileRows;
        int k = 0;
        do
        {
            int depth = Math.Min(depthLimit, Depth - k);
            for (int i = 0; i < rows; i += rowLimit)
                Block(item, row + i, Math.Min(rowLimit, rows - i), column, columns, k, depth, work);
            k += depth;
        }
        while (k < Depth);
    }

    private readonly void Block(int item, int row, int rows, int column, int columns, int k, int depth, in Workspace<TV, T> work)
    {
        int tileRows = TileSize<TV, T>.Rows;
        T* left = Left.InPlace(item, row, k, out nint rowStep, out nint depthStep);
        nint tileStep = tileRows * rowStep;
        if (FallTogether(rowStep, depthStep))
        {
            for (int i = 0; i < rows; i += tileRows)
                Left.Pack(item, row + i, Math.Min(tileRows, rows - i), k, depth, work.Left + ((nint)i * depth), tileRows);
            left = work.Left;
            (rowStep, depthStep, tileStep) = (1, tileRows, (nint)tileRows * depth);
        }

        bool load = Accumulate || k > 0, last = k + depth == Depth;
        for (int j = 0; j < columns;)
        {
            // Four vectors that are left are two and two rather than three and one: a tile of one vector waits for its loads.
            int over = (columns - j + TV.Count - 1) / TV.Count;
            int vectors = over > TileSize<TV, T>.Vectors && over < 2 * TileSize<TV, T>.Vectors ? (over + 1) / 2
                : Math.Min(over, TileSize<TV, T>.Vectors);
            int width = vectors * TV.Count, used = Math.Min(width, columns - j);
            T* own = Right.InPlace(item, column + j, k, out nint lineStep, out nint step);
            bool inPlace = lineStep == 1 && used == width;
            if (!inPlace) Right.Pack(item, column + j, used, k, depth, work.Right, width);

            T* ofTile = left;
            for (int i = 0; i < rows; i += tileRows, ofTile += tileStep)
            {
                Tile tile = new(item, row + i, Math.Min(tileRows, rows - i), column + j, used, vectors);

                // The rows are read for the first time: each tile requests those of the next, or what it reads itself some depths later.
                nint soonStep = j > 0 ? 0 : rowStep == 1 ? depthStep : tileRows;
                T* soon = ofTile + (j > 0 ? 0 : rowStep == 1 ? AheadInDepth * depthStep : tileStep);

                // The first tile takes a panel where it lies, if it can, and packs it on the way for the others, if there are any.
                Panels<T> panels = i == 0 && inPlace
                    ? new(depth, ofTile, rowStep, depthStep, own, step, rows > tileRows ? work.Right : null, soon, soonStep)
                    : new(depth, ofTile, rowStep, depthStep, work.Right, width, null, soon, soonStep);
                Tiles.Run(tile, panels, load, last, work);
            }

            j += width;
        }
    }

    /// <summary>
    /// Whether lines of the left operand that are needed together are so many bytes apart that they fall into the same few sets of a
    /// first-level cache of 4 KB a way: the rows of a tile, or the depths of one. Then they are packed.
    /// </summary>
    private static bool FallTogether(nint rowStep, nint depthStep) =>
        rowStep == 1 ? depthStep * sizeof(T) % 4096 == 0 : rowStep * sizeof(T) % 2048 == 0;

    /// <summary>Cuts <paramref name="extent"/> into equal parts of at most <paramref name="limit"/>.</summary>
    private static int EvenPart(int extent, int limit)
    {
        int parts = Math.Max((extent + limit - 1) / limit, 1);
        return (extent + parts - 1) / parts;
    }
}
