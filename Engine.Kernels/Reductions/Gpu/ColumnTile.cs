namespace Engine.Kernels.Reductions.Gpu;

/// <summary>
/// How groups of threads go down the columns of arrays [rows, columns]. A group has a tile of 4 x <see cref="Lanes"/> columns and a part of
/// the rows: threads side by side take four columns each, and the rows are dealt out in turn to the threads of a column. With eight lanes a
/// warp reads four rows of 128 bytes, whole lines of the cache, and there are threads enough for a full card whether there are more rows or
/// more columns. The partial results of a column are combined by shuffles and in shared memory. The cut depends on the extents alone.
/// </summary>
internal readonly struct ColumnTile
{
    /// <summary>The threads of a group: fewer where there are few rows, a power of two and no fewer than any device's warp has.</summary>
    internal const int MaxThreads = 256;
    private const int MinThreads = 64;

    /// <summary>The rows that a thread loads before it uses the first.</summary>
    private const int RowsAtOnce = 4;

    /// <summary>The most steps of a thread: it bounds the additions to one accumulator.</summary>
    private const int MostSteps = 128;

    private readonly int _tiles;

    internal readonly int Rows, Columns, Lanes, Threads, Parts, RowsInPart;

    /// <summary>Cuts arrays so that there are groups enough for a card, and each thread has some rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="arrays">How many such arrays there are.</param>
    /// <param name="isWhole">True to leave the rows in one part.</param>
    internal ColumnTile(int rows, int columns, int arrays, bool isWhole = false)
    {
        (Rows, Columns) = (rows, columns);
        int fours = (columns + 3) / 4, most = Math.Min(MaxThreads, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, fours)));
        Lanes = Math.Min(8, most);
        while (Lanes < most && MaxThreads / Lanes > Math.Max(1, rows / RowsAtOnce)) Lanes *= 2;
        Threads = MaxThreads;
        while (Threads > MinThreads && Threads > Lanes && Threads / Lanes > rows) Threads /= 2;
        _tiles = (fours + Lanes - 1) / Lanes;

        int step = RowsAtOnce * (Threads / Lanes);
        int parts = isWhole ? 1 : Math.Max(1, RowLaunch.BusyGroups / Math.Max(1, (int)Math.Min(int.MaxValue, (long)_tiles * arrays)));
        long each = (((long)rows + parts - 1) / parts + step - 1) / step * step;
        RowsInPart = (int)Math.Max(1, Math.Min(isWhole ? rows : Math.Clamp(each, step, (long)MostSteps * step), rows));
        Parts = Math.Max(1, (int)(((long)rows + RowsInPart - 1) / RowsInPart));
    }

    /// <summary>The launch of a kernel for so many arrays.</summary>
    internal KernelConfig Config(int arrays) => new(new Index1D(checked(_tiles * Parts * arrays)), new Index1D(Threads));

    /// <summary>The first of this thread's four columns.</summary>
    internal int Column => ((Grid.IdxX % _tiles * Lanes) + (Group.IdxX % Lanes)) * 4;

    /// <summary>The part of this thread's group.</summary>
    internal int Part => Grid.IdxX / _tiles % Parts;

    /// <summary>The array of this thread's group.</summary>
    internal int Array => Grid.IdxX / _tiles / Parts;

    /// <summary>The first row of this thread.</summary>
    internal int FirstRow => (Part * RowsInPart) + (Group.IdxX / Lanes);

    /// <summary>The rows from one of this thread's to its next.</summary>
    internal int RowStep => Group.DimX / Lanes;

    /// <summary>The end of the part's rows.</summary>
    internal int EndRow => IntrinsicMath.Min(Rows, (Part + 1) * RowsInPart);

    /// <summary>Whether four columns can be read at once.</summary>
    internal bool IsWide => (Columns & 3) == 0;

    /// <summary>Whether this thread is the one of its columns that writes.</summary>
    internal bool IsFirst => Group.IdxX < Lanes && Column < Columns;

    /// <summary>
    /// The totals of the four columns over the group, for all threads that have them; all threads of the group have to call this.
    /// </summary>
    internal Four<TLane> Total<TLane, TOp>(Four<TLane> own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ArrayView<Four<TLane>> shared = SharedMemory.Allocate<Four<TLane>>(MaxThreads);
        for (int distance = Warp.WarpSize / 2; distance >= Lanes; distance /= 2) own = Combine(op, own, Warp.ShuffleXor(own, distance));

        // A warp that has several rows is one by now.
        int width = IntrinsicMath.Max(Lanes, Warp.WarpSize), lane = Group.IdxX % Lanes, lines = Group.DimX / width;
        if (Group.IdxX % width < Lanes) shared[(Group.IdxX / width * Lanes) + lane] = own;
        Group.Barrier();
        Four<TLane> total = shared[lane];
        for (int line = 1; line < lines; line++) total = Combine(op, total, shared[(line * Lanes) + lane]);
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<TLane> Combine<TLane, TOp>(TOp op, Four<TLane> a, Four<TLane> b)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction =>
        new(op.Combine(a.X, b.X), op.Combine(a.Y, b.Y), op.Combine(a.Z, b.Z), op.Combine(a.W, b.W));
}
