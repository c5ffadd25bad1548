using Engine.Kernels.Movement.Host;

namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// Reduces many short contiguous rows: as many rows as a vector has elements are transposed into a buffer, so that every lane is one
/// output and nothing has to be brought together across a vector.
/// </summary>
internal readonly unsafe struct NarrowRowReduction<T, V, TOp>(TOp op, in ReducePlan plan, T* x, T* centers, T* y) : IJob
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
    where TOp : struct, IReduction
{
    private const int MaxWidth = 48;
    private const int ChunkElements = 16384;

    private readonly int _rows = plan.Outputs, _width = plan.Inner, _groupsInChunk = Math.Max(1, ChunkElements / (plan.Inner * V.Count));

    /// <summary>How many chunks to run.</summary>
    internal int Chunks => (int)(((long)_rows + RowsInChunk - 1) / RowsInChunk);

    private int RowsInChunk => _groupsInChunk * V.Count;

    /// <summary>
    /// Whether a reduction is of this kind. It depends on the shape alone, so that a row gives the same result in any chunk.
    /// </summary>
    internal static bool Fits(in ReducePlan plan) =>
        plan.InnerReduced && plan.Summed.Rank == 0 && plan.Summed.Count == 1 && plan.Inner is > 0 and <= MaxWidth;

    public void Run(int chunk)
    {
        T* buffer = stackalloc T[MaxWidth * V.Count];
        int end = (chunk * RowsInChunk) + Math.Min(RowsInChunk, _rows - (chunk * RowsInChunk));
        for (int row = chunk * RowsInChunk; row < end; row += V.Count)
        {
            // Lanes past the last row hold what was left there, and are thrown away.
            int count = Math.Min(V.Count, end - row);
            TransposeTile.Run(x + ((nint)row * _width), _width, buffer, V.Count, _width, count);
            V center = V.Of(0);
            if (centers != null) center = count == V.Count ? V.Load(centers + row) : PartialVector.Load(centers + row, count, center);

            V a = V.Of(op.Identity);
            V b = a;
            int i = 0;
            for (; i < _width - 1; i += 2)
            {
                a = op.Combine(a, op.Map(V.Load(buffer + (i * V.Count)), center));
                b = op.Combine(b, op.Map(V.Load(buffer + ((i + 1) * V.Count)), center));
            }

            if (i < _width) a = op.Combine(a, op.Map(V.Load(buffer + (i * V.Count)), center));
            V total = op.Finish(op.Combine(a, b), center);
            if (count == V.Count) V.Store(total, y + row);
            else PartialVector.Store(total, y + row, count);
        }
    }
}
