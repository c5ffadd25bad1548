using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm;

/// <summary>
/// The blocked product of two operands (after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008; Van Zee and
/// van de Geijn, "BLIS", 2015). A chunk is a rectangle of C: for each block of depths the rows of the left operand are packed once (they stay in
/// the second-level cache), then panel by panel the columns of the right operand, and each right panel meets all left panels at once.
/// </summary>
internal unsafe struct GemmJob<TV, T, TLeft, TRight, TEpilogue> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
    where TLeft : struct, IOperand<T>
    where TRight : struct, IOperand<T>
    where TEpilogue : struct, IEpilogue<T>
{
    internal required CpuDevice Device;
    internal required TLeft Left;
    internal required TRight Right;
    internal required Output<T> Output;
    internal required TEpilogue Epilogue;
    internal required Partition Partition;
    internal required int Depth;

    /// <summary>Starts the sums at what the output holds.</summary>
    internal bool Accumulate;

    /// <summary>Whether <see cref="Epilogue"/> does anything.</summary>
    internal bool Finish;

    /// <summary>What is added to the sums.</summary>
    internal Bias<T> Bias;

    public void Run(int chunk)
    {
        int across = Partition.ChunksAcross, down = Partition.ChunksDown;
        int column = chunk % across * Partition.ChunkColumns;
        int row = chunk / across % down * Partition.ChunkRows;
        int item = chunk / across / down * Partition.ChunkItems;
        int columns = Math.Min(Partition.ChunkColumns, Partition.Columns - column);
        int rows = Math.Min(Partition.ChunkRows, Partition.Rows - row);
        int lastItem = Math.Min(item + Partition.ChunkItems, Partition.Items);

        long bytes = Workspace.Bytes;
        nint block = Device.Pool.Rent(bytes);
        try
        {
            Workspace work = new((T*)block);
            for (; item < lastItem; item++) Rectangle(item, row, rows, column, columns, work);
        }
        finally
        {
            Device.Pool.Return(block, bytes);
        }
    }

    private readonly void Rectangle(int item, int row, int rows, int column, int columns, Workspace work)
    {
        int depthLimit = EvenPart(Depth, TileSize<TV, T>.Depth);
        int rowLimit = EvenPart(rows, TileSize<TV, T>.BlockRows);
        rowLimit = (rowLimit + TileSize<TV, T>.Rows - 1) / TileSize<TV, T>.Rows * TileSize<TV, T>.Rows;
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

    private readonly void Block(int item, int row, int rows, int column, int columns, int k, int depth, Workspace work)
    {
        int tileRows = TileSize<TV, T>.Rows;
        for (int i = 0; i < rows; i += tileRows)
            Left.Pack(item, row + i, Math.Min(tileRows, rows - i), k, depth, work.Left + ((nint)i * depth), tileRows);

        for (int j = 0; j < columns;)
        {
            // Four vectors that are left are two and two rather than three and one: a tile of one vector waits for its loads.
            int left = (columns - j + TV.Count - 1) / TV.Count;
            int vectors = left <= TileSize<TV, T>.Vectors ? left : left < 2 * TileSize<TV, T>.Vectors ? (left + 1) / 2 : TileSize<TV, T>.Vectors;
            int width = vectors * TV.Count;
            int used = Math.Min(width, columns - j);
            T* right = work.Right;
            nint step = width;
            Right.Pack(item, column + j, used, k, depth, right, width);

            for (int i = 0; i < rows; i += tileRows)
            {
                Tile(item, row + i, Math.Min(tileRows, rows - i), column + j, vectors, used, k, depth,
                    work.Left + ((nint)i * depth), right, step, work);
            }

            j += width;
        }
    }

    private readonly void Tile(
        int item, int row, int rows, int column, int vectors, int columns, int k, int depth, T* left, T* right, nint step, Workspace work)
    {
        bool load = Accumulate || k > 0;
        bool finish = Finish && k + depth == Depth;
        T* c = Output.At(item, row, column);
        if (columns == vectors * TV.Count && Output.ColumnStride == 1)
        {
            MicroKernel<TV, T>.Run(rows, vectors, depth, left, TileSize<TV, T>.Rows, right, step, c, Output.RowStride, load);
            if (finish) FinishTile(c, Output.RowStride, row, rows, column, vectors, columns, work);
            return;
        }

        // A tile that overhangs C, or lies across it, is computed beside it: through the same kernel, hence to the same bits.
        nint width = vectors * TV.Count;
        if (load)
        {
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) work.Tile[(i * width) + j] = c[(i * Output.RowStride) + (j * Output.ColumnStride)];
        }

        MicroKernel<TV, T>.Run(rows, vectors, depth, left, TileSize<TV, T>.Rows, right, step, work.Tile, width, load);
        if (finish) FinishTile(work.Tile, width, row, rows, column, vectors, columns, work);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) c[(i * Output.RowStride) + (j * Output.ColumnStride)] = work.Tile[(i * width) + j];
    }

    private readonly void FinishTile(T* c, nint stride, int row, int rows, int column, int vectors, int columns, Workspace work)
    {
        bool ofColumns = !Bias.IsNone && !Bias.OfRows;
        T* bias = Bias.Elements + column;
        if (!ofColumns || columns != vectors * TV.Count)
        {
            // A whole vector may be read only where there are that many columns.
            bias = work.Bias;
            for (int j = 0; j < vectors * TV.Count; j++) bias[j] = ofColumns && j < columns ? Bias.Elements[column + j] : default;
        }

        for (int i = 0; i < rows; i++, c += stride)
        {
            bool ofRow = !Bias.IsNone && Bias.OfRows;
            for (int v = 0; v < vectors; v++)
            {
                TV b = ofRow ? TV.Fill(Bias.Elements[row + i]) : TV.Load(bias + (v * TV.Count));
                TV.Store(Epilogue.Apply(TV.Load(c + (v * TV.Count)), b), c + (v * TV.Count));
            }
        }
    }

    /// <summary>Cuts <paramref name="extent"/> into equal parts of at most <paramref name="limit"/>.</summary>
    private static int EvenPart(int extent, int limit)
    {
        int parts = Math.Max((extent + limit - 1) / limit, 1);
        return (extent + parts - 1) / parts;
    }

    /// <summary>The memory that a chunk packs into; one size for every product, so that one block of the pool serves them all.</summary>
    private readonly struct Workspace(T* block)
    {
        private static int LeftLength => (TileSize<TV, T>.BlockRows + TileSize<TV, T>.Rows) * TileSize<TV, T>.Depth;

        internal static long Bytes =>
            HostMemoryPool.RoundUp((long)sizeof(T) * (LeftLength + (TileSize<TV, T>.Columns * (TileSize<TV, T>.Depth + TileSize<TV, T>.Rows + 1))));

        internal readonly T* Left = block;
        internal readonly T* Right = block + LeftLength;
        internal readonly T* Tile = block + LeftLength + (TileSize<TV, T>.Columns * TileSize<TV, T>.Depth);
        internal readonly T* Bias = block + LeftLength + (TileSize<TV, T>.Columns * (TileSize<TV, T>.Depth + TileSize<TV, T>.Rows));
    }
}
