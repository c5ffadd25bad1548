namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// Reduces contiguous rows. A row is cut into pieces of a fixed length, each piece runs through four vector accumulators, and pieces are
/// brought together in double: a rounding error grows with the length of a piece at most. An output that consists of many elements is
/// computed as several partial results, cut at places that depend on the shape alone.
/// </summary>
internal readonly unsafe struct RowReduction<T, V, TOp> : IJob
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
    where TOp : struct, IReduction
{
    /// <summary>Elements that are combined in vectors of the type itself; the totals of such pieces are combined in double.</summary>
    internal const int PieceLength = 4096;

    private const int PartElements = 16384;

    private readonly TOp _op;
    private readonly ReducePlan _plan;
    private readonly T* _x;
    private readonly T* _center;
    private readonly T* _y;
    private readonly int _parts, _piecesInRow, _pieces, _piecesInPart;
    private readonly bool _finish;
    private readonly int _tasks, _tasksInChunk;

    /// <summary>Prepares a pass from <paramref name="x"/> to <paramref name="y"/>, whole (then it is finished) or in parts.</summary>
    internal RowReduction(TOp op, in ReducePlan plan, T* x, T* center, T* y, int parts)
    {
        _op = op;
        _plan = plan;
        _x = x;
        _center = center;
        _y = y;
        _parts = parts;
        (_piecesInRow, _pieces, _piecesInPart) = Pieces(plan);
        _finish = parts == 1;
        if (_finish) _piecesInPart = _pieces;
        _tasks = plan.Outputs * parts;
        long taskElements = Math.Max(1, (long)plan.Terms / parts);
        _tasksInChunk = (int)Math.Max(1, PartElements / taskElements);
    }

    /// <summary>How many chunks to run.</summary>
    internal int Chunks => (int)(((long)_tasks + _tasksInChunk - 1) / _tasksInChunk);

    /// <summary>The number of partial results of each output.</summary>
    internal static int Parts(in ReducePlan plan)
    {
        (_, int pieces, int piecesInPart) = Pieces(plan);
        return (pieces + piecesInPart - 1) / piecesInPart;
    }

    public void Run(int chunk)
    {
        int start = chunk * _tasksInChunk;
        int end = start + Math.Min(_tasksInChunk, _tasks - start);
        for (int task = start; task < end; task++)
        {
            (int output, int part) = Math.DivRem(task, _parts);
            T center = _center == null ? T.Zero : _center[output];
            double total = Part(_x + _plan.Kept.Offset(output), V.Fill(center), part * _piecesInPart);
            T rounded = T.CreateTruncating(total);
            if (_finish)
            {
                V finished = _op.Finish(V.Fill(rounded), V.Fill(center));
                rounded = *(T*)&finished;
            }

            _y[task] = rounded;
        }
    }

    private static (int InRow, int All, int InPart) Pieces(in ReducePlan plan)
    {
        int inRow = (int)(((long)plan.Inner + PieceLength - 1) / PieceLength);
        int all = plan.Summed.Count * inRow;
        return (inRow, all, Math.Max(1, PartElements / Math.Max(1, Math.Min(plan.Inner, PieceLength))));
    }

    private double Part(T* x, V center, int piece)
    {
        double total = _op.Identity;
        int end = piece + Math.Min(_piecesInPart, _pieces - piece);
        for (; piece < end; piece++)
        {
            (int row, int inRow) = Math.DivRem(piece, _piecesInRow);
            int first = inRow * PieceLength;
            total = _op.Combine(total,
                Contiguous(_op, x + _plan.Summed.Offset(row) + first, Math.Min(PieceLength, _plan.Inner - first), center));
        }

        return total;
    }

    /// <summary>Reduces a contiguous row of any length, piece by piece.</summary>
    internal static double Total(TOp op, T* x, int count, V center)
    {
        double total = op.Identity;
        for (int i = 0; i < count; i += PieceLength)
            total = op.Combine(total, Contiguous(op, x + i, Math.Min(PieceLength, count - i), center));
        return total;
    }

    /// <summary>Reduces one contiguous piece.</summary>
    internal static double Contiguous(TOp op, T* x, int count, V center)
    {
        V a = V.Of(op.Identity);
        V b = a;
        V c = a;
        V d = a;
        int i = 0;
        for (; i <= count - (4 * V.Count); i += 4 * V.Count)
        {
            a = op.Combine(a, op.Map(V.Load(x + i), center));
            b = op.Combine(b, op.Map(V.Load(x + i + V.Count), center));
            c = op.Combine(c, op.Map(V.Load(x + i + (2 * V.Count)), center));
            d = op.Combine(d, op.Map(V.Load(x + i + (3 * V.Count)), center));
        }

        for (; i <= count - V.Count; i += V.Count) a = op.Combine(a, op.Map(V.Load(x + i), center));
        if (i < count) b = op.Combine(b, op.Map(PartialVector.Load(x + i, count - i, op.Padding(center)), center));
        return Lanes(op, op.Combine(op.Combine(a, b), op.Combine(c, d)));
    }

    /// <summary>Brings the elements of a vector together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Lanes(TOp op, V vector)
    {
        T* x = (T*)&vector;
        double a = double.CreateTruncating(x[0]);
        double b = double.CreateTruncating(x[1]);
        double c = double.CreateTruncating(x[2]);
        double d = double.CreateTruncating(x[3]);
        for (int i = 4; i < V.Count; i += 4)
        {
            a = op.Combine(a, double.CreateTruncating(x[i]));
            b = op.Combine(b, double.CreateTruncating(x[i + 1]));
            c = op.Combine(c, double.CreateTruncating(x[i + 2]));
            d = op.Combine(d, double.CreateTruncating(x[i + 3]));
        }

        return op.Combine(op.Combine(a, b), op.Combine(c, d));
    }
}
