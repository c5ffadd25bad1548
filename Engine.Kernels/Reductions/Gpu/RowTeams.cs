namespace Engine.Kernels.Reductions.Gpu;

/// <summary>
/// The threads of a kernel that share a row: one thread, a warp or a whole group (<see cref="RowLaunch"/> chooses). A kernel over rows is
/// written once, for a team: each thread takes its share of the row, and <see cref="Total"/> brings the shares together, in an order that
/// is the same at every run.
/// </summary>
internal interface IRowTeam
{
    /// <summary>The row of this thread's team: there may be more than rows.</summary>
    static abstract int Row { get; }

    /// <summary>The index of this thread in its team.</summary>
    static abstract int Thread { get; }

    /// <summary>The threads of a team.</summary>
    static abstract int Size { get; }

    /// <summary>The total of all threads' values, for each of them; all threads of the team have to call this.</summary>
    static abstract TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction;

    /// <summary>The same for values of any type.</summary>
    static abstract T Combine<T, TOp>(T own, TOp op)
        where T : unmanaged
        where TOp : unmanaged, ICombination<T>;
}

/// <summary>What brings two values of threads together; it has to be associative and commutative but for rounding.</summary>
internal interface ICombination<T> where T : unmanaged
{
    /// <summary>The one value that stands for two.</summary>
    T Combine(T a, T b);
}

/// <summary>The combination of a reduction.</summary>
internal readonly struct Combination<TLane, TOp>(TOp op) : ICombination<TLane>
    where TLane : unmanaged, ILane<TLane>
    where TOp : unmanaged, IReduction
{
    private readonly TOp _op = op;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLane Combine(TLane a, TLane b) => _op.Combine(a, b);
}

/// <summary>A row for each thread: for short rows, of which there are many.</summary>
internal readonly struct OneThread : IRowTeam
{
    public static int Row => (Grid.IdxX * Group.DimX) + Group.IdxX;

    public static int Thread => 0;

    public static int Size => 1;

    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction => own;

    public static T Combine<T, TOp>(T own, TOp op)
        where T : unmanaged
        where TOp : unmanaged, ICombination<T> => own;
}

/// <summary>A row for each warp: its threads exchange values in registers and never wait for other warps.</summary>
internal readonly struct OneWarp : IRowTeam
{
    public static int Row => ((Grid.IdxX * Group.DimX) + Group.IdxX) / Warp.WarpSize;

    public static int Thread => Warp.LaneIdx;

    public static int Size => Warp.WarpSize;

    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction => Combine(own, new Combination<TLane, TOp>(op));

    // In each step a thread takes the value of the one whose lane differs in one bit: after five steps all have the total of all, and the
    // same bits, for a + b is b + a.
    public static T Combine<T, TOp>(T own, TOp op)
        where T : unmanaged
        where TOp : unmanaged, ICombination<T>
    {
        for (int distance = Warp.WarpSize / 2; distance > 0; distance /= 2) own = op.Combine(own, Warp.ShuffleXor(own, distance));
        return own;
    }
}

/// <summary>
/// A row for each group: its warps compute their totals in registers, and leave one each in shared memory, so that the group waits once.
/// </summary>
internal readonly struct OneGroup : IRowTeam
{
    /// <summary>The most warps of a group.</summary>
    private const int MaxWarps = 32;

    public static int Row => Grid.IdxX;

    public static int Thread => Group.IdxX;

    public static int Size => Group.DimX;

    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction => Combine(own, new Combination<TLane, TOp>(op));

    public static T Combine<T, TOp>(T own, TOp op)
        where T : unmanaged
        where TOp : unmanaged, ICombination<T>
    {
        ArrayView<T> shared = SharedMemory.Allocate<T>(MaxWarps);
        own = OneWarp.Combine(own, op);
        if (Warp.IsFirstLane) shared[Group.IdxX / Warp.WarpSize] = own;
        Group.Barrier();

        // Every thread combines the warps' totals by itself, in their order. The next total has shared memory of its own: no thread waits
        // until all have read.
        T total = shared[0];
        for (int warp = 1; warp < Group.DimX / Warp.WarpSize; warp++) total = op.Combine(total, shared[warp]);
        return total;
    }
}

/// <summary>
/// Which team takes a row of an array [rows, columns], and how many groups of threads there are. A warp reads 128 columns at once, a group
/// 1024. A thread for itself reads four, which pays where rows are short, and so many that threads are not lacking: its neighbours' rows
/// are in the same lines of the cache.
/// </summary>
internal readonly struct RowLaunch
{
    /// <summary>Threads of a group that has several rows.</summary>
    private const int GroupThreads = 256;

    private const int ThreadColumns = 32, WarpColumns = 512, ManyRows = 4096;

    /// <summary>
    /// Columns of a part of a row that is cut among groups: at most so many that each of 256 threads adds up 256, and at least so many that
    /// it adds up 16.
    /// </summary>
    private const int MostInPart = 65536, LeastInPart = 4096;

    /// <summary>Groups that fill a card: eight for each of an H200's 132 multiprocessors.</summary>
    internal const int BusyGroups = 1056;

    internal RowLaunch(GpuDevice device, int rows, int columns)
    {
        // Rows do not meet, so how many a group has changes no value. Two warps are the fewest in which rows share a group: each further
        // thread costs the simulator as much as the arithmetic of many rows.
        int warp = device.Accelerator.WarpSize, threads = device.IsSimulator ? 2 * warp : GroupThreads;
        IsThread = columns <= ThreadColumns && rows >= ManyRows;
        IsWarp = !IsThread && columns <= WarpColumns;
        if (IsThread) Config = Groups(rows, threads);
        else if (IsWarp) Config = Groups(rows, Math.Min(rows, threads / warp), warp);
        else Config = new(new Index1D(rows), new Index1D(columns <= 4 * GroupThreads ? GroupThreads / 2 : GroupThreads));
    }

    /// <summary>Whether a row is a thread's.</summary>
    private bool IsThread { get; }

    /// <summary>Whether a row is a warp's; neither means a group's.</summary>
    private bool IsWarp { get; }

    internal KernelConfig Config { get; }

    /// <summary>
    /// How many columns of a row make a part, so that few long rows keep a whole card busy; a function of the extents alone. All of them
    /// where that is better.
    /// </summary>
    internal static int ColumnsInPart(int rows, int columns)
    {
        int parts = Math.Max(1, BusyGroups / Math.Max(1, rows));
        int wanted = (int)((((long)columns + parts - 1) / parts) + 1023) / 1024 * 1024;
        int each = Math.Clamp(wanted, LeastInPart, MostInPart);
        return each >= columns ? Math.Max(1, columns) : each;
    }

    /// <summary>Of a kernel's forms for the three teams the one for these rows.</summary>
    internal TKernel Choose<TKernel>(TKernel ofThreads, TKernel ofWarps, TKernel ofGroups) where TKernel : Delegate =>
        IsThread ? ofThreads : IsWarp ? ofWarps : ofGroups;

    private static KernelConfig Groups(int rows, int rowsInGroup, int threadsOfRow = 1) =>
        new(new Index1D((int)(((long)rows + rowsInGroup - 1) / rowsInGroup)), new Index1D(rowsInGroup * threadsOfRow));
}
