namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// Reduces over rows: runs down a strip of up to four vectors of neighbouring columns, so that every lane is one output. Rows are brought
/// together in blocks, and blocks among each other, to keep rounding errors small. Where the outputs alone are too few to share out,
/// the rows are cut into parts at places that depend on the shape alone.
/// </summary>
/// <remarks>A pass is whole (then it is finished) or in parts.</remarks>
internal readonly unsafe struct ColumnReduction<T, V, TOp>(
    TOp op, in ReducePlan plan, T* source, int length, T* centers, T* target, int parts) : IJob
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
    where TOp : struct, IReduction
{
    private const int BlockRows = 256;
    private const int PartElements = 65536;
    private const int ManyOutputs = 4096;

    private readonly ReducePlan _plan = plan;
    private readonly T* _end = source + length;
    private readonly int _rowsInPart = parts == 1 ? plan.Summed.Count : RowsInPart(plan);
    private readonly int _strips = (plan.Inner + StripWidth - 1) / StripWidth;

    private bool IsWhole => parts == 1;

    private int StripsInChunk => (int)Math.Max(1, 16384 / ((long)Math.Min(_plan.Inner, StripWidth) * Math.Max(1, _rowsInPart)));

    private static int StripWidth => 4 * PartialSums.Count<T>();

    /// <summary>How many chunks to run.</summary>
    internal int Chunks => (int)(((long)_plan.Kept.Count * parts * _strips + StripsInChunk - 1) / StripsInChunk);

    /// <summary>The number of partial results of each output.</summary>
    internal static int Parts(in ReducePlan plan)
    {
        if (plan.Outputs >= ManyOutputs) return 1;
        int rows = RowsInPart(plan);
        return Math.Max(1, (plan.Summed.Count + rows - 1) / rows);
    }

    private static int RowsInPart(in ReducePlan plan) => Math.Max(BlockRows, PartElements / plan.Inner);

    public void Run(int chunk)
    {
        int start = chunk * StripsInChunk;
        int end = start + Math.Min(StripsInChunk, (_plan.Kept.Count * parts * _strips) - start);
        for (int task = start; task < end; task++)
        {
            (int outputRow, int strip) = Math.DivRem(task, _strips);
            (int outer, int part) = Math.DivRem(outputRow, parts);
            T* x = source + _plan.Kept.Offset(outer);
            T* center = centers == null ? null : centers + ((nint)outer * _plan.Inner);
            T* y = target + ((nint)outputRow * _plan.Inner);
            int firstRow = part * _rowsInPart;
            int endRow = firstRow + Math.Min(_rowsInPart, _plan.Summed.Count - firstRow);
            int column = strip * StripWidth;
            int width = Math.Min(StripWidth, _plan.Inner - column);
            if (width == StripWidth)
            {
                // One strip of vectors of 512 bits, two of 256, four of 128: columns are added up in the same order with any.
                for (int last = column + width; column < last; column += 4 * V.Count) Four(x, center, y, column, firstRow, endRow);
                continue;
            }

            for (; width > 0; column += V.Count, width -= V.Count) One(x, center, y, column, Math.Min(width, V.Count), firstRow, endRow);
        }
    }

    private void Four(T* x, T* center, T* y, int column, int firstRow, int endRow)
    {
        x += column;
        V identity = V.Of(op.Identity);
        V centerA = Center(center, column, V.Count);
        V centerB = Center(center, column + V.Count, V.Count);
        V centerC = Center(center, column + (2 * V.Count), V.Count);
        V centerD = Center(center, column + (3 * V.Count), V.Count);
        V totalA = identity;
        V totalB = identity;
        V totalC = identity;
        V totalD = identity;
        nint stride = _plan.Summed.InnerStride;
        for (int block = firstRow; block < endRow; block += BlockRows)
        {
            V a = identity;
            V b = identity;
            V c = identity;
            V d = identity;
            int blockEnd = block + Math.Min(BlockRows, endRow - block);
            for (int row = block; row < blockEnd;)
            {
                T* p = x + _plan.Summed.Offset(row);
                int run = Math.Min(_plan.Summed.RunFrom(row), blockEnd - row);
                row += run;
                for (; run > 0; run--, p += stride)
                {
                    a = op.Combine(a, op.Map(V.Load(p), centerA));
                    b = op.Combine(b, op.Map(V.Load(p + V.Count), centerB));
                    c = op.Combine(c, op.Map(V.Load(p + (2 * V.Count)), centerC));
                    d = op.Combine(d, op.Map(V.Load(p + (3 * V.Count)), centerD));
                }
            }

            totalA = op.Combine(totalA, a);
            totalB = op.Combine(totalB, b);
            totalC = op.Combine(totalC, c);
            totalD = op.Combine(totalD, d);
        }

        V.Store(Finish(totalA, centerA), y + column);
        V.Store(Finish(totalB, centerB), y + column + V.Count);
        V.Store(Finish(totalC, centerC), y + column + (2 * V.Count));
        V.Store(Finish(totalD, centerD), y + column + (3 * V.Count));
    }

    /// <summary>The same for one vector, of which the first <paramref name="count"/> columns are wanted.</summary>
    private void One(T* x, T* center, T* y, int column, int count, int firstRow, int endRow)
    {
        x += column;
        V identity = V.Of(op.Identity);
        V centers = Center(center, column, count);
        V total = identity;
        nint stride = _plan.Summed.InnerStride;
        T* lastWhole = _end - V.Count;
        for (int block = firstRow; block < endRow; block += BlockRows)
        {
            V a = identity;
            V b = identity;
            V c = identity;
            V d = identity;
            int blockEnd = block + Math.Min(BlockRows, endRow - block);
            for (int row = block; row < blockEnd;)
            {
                T* p = x + _plan.Summed.Offset(row);
                int run = Math.Min(_plan.Summed.RunFrom(row), blockEnd - row);
                row += run;

                // A whole vector is read wherever the array goes on: the lanes of other columns are computed along and thrown away. Where
                // it ends, the order stays the same.
                for (; run >= 4 && p + (3 * stride) <= lastWhole; run -= 4, p += 4 * stride)
                {
                    a = op.Combine(a, op.Map(V.Load(p), centers));
                    b = op.Combine(b, op.Map(V.Load(p + stride), centers));
                    c = op.Combine(c, op.Map(V.Load(p + (2 * stride)), centers));
                    d = op.Combine(d, op.Map(V.Load(p + (3 * stride)), centers));
                }

                for (; run >= 4; run -= 4, p += 4 * stride)
                {
                    a = op.Combine(a, op.Map(PartialVector.Load(p, count, identity), centers));
                    b = op.Combine(b, op.Map(PartialVector.Load(p + stride, count, identity), centers));
                    c = op.Combine(c, op.Map(PartialVector.Load(p + (2 * stride), count, identity), centers));
                    d = op.Combine(d, op.Map(PartialVector.Load(p + (3 * stride), count, identity), centers));
                }

                for (; run > 0 && p <= lastWhole; run--, p += stride) a = op.Combine(a, op.Map(V.Load(p), centers));
                for (; run > 0; run--, p += stride) a = op.Combine(a, op.Map(PartialVector.Load(p, count, identity), centers));
            }

            total = op.Combine(total, op.Combine(op.Combine(a, b), op.Combine(c, d)));
        }

        total = Finish(total, centers);
        if (count == V.Count) V.Store(total, y + column);
        else PartialVector.Store(total, y + column, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Center(T* center, int column, int count)
    {
        if (center == null) return V.Of(0);
        return count == V.Count ? V.Load(center + column) : PartialVector.Load(center + column, count, V.Of(0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Finish(V total, V center) => IsWhole ? op.Finish(total, center) : total;
}
