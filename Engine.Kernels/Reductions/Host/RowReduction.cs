namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// Reduces contiguous rows. A row is cut into pieces of a fixed length, each piece runs through four vector accumulators, and pieces are
/// brought together in double: a rounding error grows with the length of a piece at most. An output that consists of many elements is
/// computed as several partial results, cut at places that depend on the shape alone.
/// </summary>
/// <remarks>A pass is whole (then it is finished) or in parts.</remarks>
internal readonly unsafe struct RowReduction<T, V, TOp>(TOp op, in ReducePlan plan, T* x, T* centers, T* y, int parts) : IJob
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
    where TOp : struct, IReduction
{
    /// <summary>Elements that are combined in vectors of the type itself; the totals of such pieces are combined in double.</summary>
    internal const int PieceLength = 4096;

    private const int PartElements = 16384;

    private readonly ReducePlan _plan = plan;
    private readonly (int InRow, int All, int InPart) _pieces = Pieces(plan);
    private readonly int _tasks = plan.Outputs * parts;
    private readonly int _tasksInChunk = (int)Math.Max(1, PartElements / Math.Max(1, (long)plan.Terms / parts));

    private bool IsWhole => parts == 1;

    private int PiecesInPart => IsWhole ? _pieces.All : _pieces.InPart;

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
            (int output, int part) = Math.DivRem(task, parts);
            T center = centers == null ? T.Zero : centers[output];
            double total = Part(x + _plan.Kept.Offset(output), V.Fill(center), part * PiecesInPart);
            T rounded = T.CreateTruncating(total);
            if (IsWhole)
            {
                V finished = op.Finish(V.Fill(rounded), V.Fill(center));
                rounded = *(T*)&finished;
            }

            y[task] = rounded;
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
        double total = op.Identity;
        int end = piece + Math.Min(PiecesInPart, _pieces.All - piece);
        for (; piece < end; piece++)
        {
            (int row, int inRow) = Math.DivRem(piece, _pieces.InRow);
            int first = inRow * PieceLength;
            total = op.Combine(total,
                Contiguous(op, x + _plan.Summed.Offset(row) + first, Math.Min(PieceLength, _plan.Inner - first), center));
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
