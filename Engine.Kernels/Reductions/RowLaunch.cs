using Engine.Kernels.Devices;
using ILGPU;

namespace Engine.Kernels.Reductions;

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
        IsThread = columns <= ThreadColumns && rows >= ManyRows;
        IsWarp = !IsThread && columns <= WarpColumns;
        if (IsThread) Config = Groups(rows, GroupThreads);
        else if (IsWarp) Config = Groups(rows, Math.Min(rows, GroupThreads / device.Accelerator.WarpSize), device.Accelerator.WarpSize);
        else Config = new(new Index1D(rows), new Index1D(columns <= 4 * GroupThreads ? GroupThreads / 2 : GroupThreads));
    }

    /// <summary>Whether a row is a thread's.</summary>
    internal bool IsThread { get; }

    /// <summary>Whether a row is a warp's; neither means a group's.</summary>
    internal bool IsWarp { get; }

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

    private static KernelConfig Groups(int rows, int rowsInGroup, int threadsOfRow = 1) =>
        new(new Index1D((int)(((long)rows + rowsInGroup - 1) / rowsInGroup)), new Index1D(rowsInGroup * threadsOfRow));
}
