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
            (int output, int part) = IsWhole ? (task, 0) : Math.DivRem(task, parts);
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
            (int row, int inRow) = _pieces.InRow == 1 ? (piece, 0) : Math.DivRem(piece, _pieces.InRow);
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
    [SkipLocalsInit]
    internal static double Contiguous(TOp op, T* x, int count, V center)
    {
        T* parts = stackalloc T[PartialSums.Count<T>()];
        Walk(op, x, count, 0, center, parts);
        if (PartialSums.IsQuarter<V>()) Walk(op, x, count, 2 * V.Count, center, parts);
        return PartialSums.Combine(op, parts);
    }

    // A row may be longer than the nearest cache: the halves that are vectors of 256 bits are not walked one after the other; of the
    // quarters of 128 bits two are walked together, because four would need more registers than there are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Walk(TOp op, T* x, int count, int offset, V center, T* parts)
    {
        int lanes = PartialSums.Count<T>();
        int whole = count - (count & (lanes - 1)), left = count - whole - offset;
        x += offset;
        V a = V.Of(op.Identity);
        (V b, V c, V d, V e, V f, V g, V h) = (a, a, a, a, a, a, a);
        int i = 0;
        for (; i <= count - (4 * lanes); i += 4 * lanes)
        {
            a = op.Combine(a, op.Map(V.Load(x + i), center));
            if (PartialSums.IsPart<V>()) e = op.Combine(e, op.Map(V.Load(x + i + V.Count), center));
            b = op.Combine(b, op.Map(V.Load(x + i + lanes), center));
            if (PartialSums.IsPart<V>()) f = op.Combine(f, op.Map(V.Load(x + i + lanes + V.Count), center));
            c = op.Combine(c, op.Map(V.Load(x + i + (2 * lanes)), center));
            if (PartialSums.IsPart<V>()) g = op.Combine(g, op.Map(V.Load(x + i + (2 * lanes) + V.Count), center));
            d = op.Combine(d, op.Map(V.Load(x + i + (3 * lanes)), center));
            if (PartialSums.IsPart<V>()) h = op.Combine(h, op.Map(V.Load(x + i + (3 * lanes) + V.Count), center));
        }

        V.Store(Rest(op, x, i, whole, left, center, a, b, op.Combine(c, d)), parts + offset);
        if (PartialSums.IsPart<V>())
            V.Store(Rest(op, x + V.Count, i, whole, left - V.Count, center, e, f, op.Combine(g, h)), parts + offset + V.Count);
    }

    // What is left goes to the first of four accumulators, and its last part to the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Rest(TOp op, T* x, int i, int whole, int left, V center, V first, V second, V others)
    {
        for (; i < whole; i += PartialSums.Count<T>()) first = op.Combine(first, op.Map(V.Load(x + i), center));
        if (left > 0) second = op.Combine(second, op.Map(PartialVector.LoadUpTo(x + whole, left, op.Padding(center)), center));
        return op.Combine(op.Combine(first, second), others);
    }

    /// <summary>Brings the elements of a vector together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Lanes(TOp op, V vector)
    {
        T* parts = (T*)&vector;
        return V.Count >= 4 ? PartialSums.Combine(op, parts, V.Count)
            : op.Combine(double.CreateTruncating(parts[0]), double.CreateTruncating(parts[1]));
    }
}
