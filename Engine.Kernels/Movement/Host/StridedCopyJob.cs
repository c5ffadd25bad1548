namespace Engine.Kernels.Movement.Host;

/// <summary>
/// Host form of <see cref="StridedCopy"/>. Where the innermost axis of the destination is not the contiguous one of the source, the two
/// span a plane, which is transposed tile by tile, so that both sides are touched by whole cache lines. Everything else is copied in
/// runs along the innermost axis.
/// </summary>
internal unsafe struct StridedCopyJob<T> : IJob where T : unmanaged
{
    private const int ChunkElements = 16384;
    private const int Tile = 32;

    private T* _x;
    private T* _y;
    private StridedCopy _outer;              // the axes outside the run or the plane
    private int _rows, _columns;             // the plane in the destination's order; a run is a plane of one row
    private int _columnFrom, _columnTo;      // distance of neighbouring columns
    private int _rowTo;                      // distance of neighbouring rows in the destination; in the source they are neighbours
    private int _pieces, _pieceLength;       // each run, or the rows of each plane, are cut into pieces
    private int _tasks, _tasksInChunk;

    internal static void Run(CpuDevice cpu, T* x, T* y, StridedCopy copy)
    {
        StridedCopyJob<T> job = Plan(x, y, copy);
        cpu.Workers.Run(ref job, (int)(((long)job._tasks + job._tasksInChunk - 1) / job._tasksInChunk));
    }

    public readonly void Run(int chunk)
    {
        int start = chunk * _tasksInChunk;
        int end = start + Math.Min(_tasksInChunk, _tasks - start);
        for (int task = start; task < end; task++)
        {
            (int outer, int piece) = Math.DivRem(task, _pieces);
            _outer.Offsets(outer, out nint from, out nint to);
            int first = piece * _pieceLength;
            if (_rows == 1) CopyRun(_x + from, _y + to, first, Math.Min(_pieceLength, _columns - first));
            else TransposeRows(_x + from, _y + to, first, first + Math.Min(_pieceLength, _rows - first));
        }
    }

    private static StridedCopyJob<T> Plan(T* x, T* y, StridedCopy copy)
    {
        StridedCopyJob<T> job = new() { _x = x, _y = y, _outer = new(), _rows = 1, _columns = 1, _columnFrom = 1, _columnTo = 1 };
        int inner = copy.Rank - 1;
        int row = inner >= 0 && copy.To(inner) == 1 && copy.From(inner) != 1 ? ContiguousInSource(copy) : -1;
        for (int axis = 0; axis < inner; axis++)
            if (axis != row) job._outer.Add(copy.Extent(axis), copy.From(axis), copy.To(axis));

        if (inner >= 0)
        {
            job._columns = copy.Extent(inner);
            job._columnFrom = copy.From(inner);
            job._columnTo = copy.To(inner);
        }

        int taskElements = job._pieceLength = Math.Min(job._columns, ChunkElements);
        job._pieces = Pieces(job._columns, job._pieceLength);
        if (row >= 0)
        {
            job._rows = copy.Extent(row);
            job._rowTo = copy.To(row);
            job._pieceLength = Math.Min(job._rows, Tile * Math.Max(1, ChunkElements / Math.Min(ChunkElements, Tile * job._columns)));
            job._pieces = Pieces(job._rows, job._pieceLength);
            taskElements = job._pieceLength * job._columns;
        }

        job._tasks = job._outer.Count * job._pieces;
        job._tasksInChunk = Math.Max(1, ChunkElements / taskElements);
        return job;
    }

    private static int Pieces(int length, int pieceLength) => (length / pieceLength) + (length % pieceLength == 0 ? 0 : 1);

    private static int ContiguousInSource(StridedCopy copy)
    {
        for (int axis = 0; axis < copy.Rank; axis++)
            if (copy.From(axis) == 1) return axis;
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void CopyRun(T* from, T* to, int first, int count)
    {
        from += (nint)first * _columnFrom;
        to += (nint)first * _columnTo;
        if (_columnFrom == 1 && _columnTo == 1 && count >= 8)
        {
            new ReadOnlySpan<T>(from, count).CopyTo(new Span<T>(to, count));
            return;
        }

        for (nint i = 0; i < count; i++) to[i * _columnTo] = from[i * _columnFrom];
    }

    private readonly void TransposeRows(T* from, T* to, int start, int end)
    {
        for (int row = start; row < end; row += Tile)
        {
            int rows = Math.Min(Tile, end - row);
            for (int column = 0; column < _columns; column += Tile)
            {
                int columns = Math.Min(Tile, _columns - column);
                TransposeTile.Run(from + ((nint)column * _columnFrom) + row, _columnFrom, to + ((nint)row * _rowTo) + column, _rowTo, rows,
                    columns);
            }
        }
    }
}
