namespace Engine.Kernels.Recurrent.Host;

/// <summary>What is done to a piece of a cell's row: as many elements as a vector holds, or the first of them.</summary>
internal unsafe interface ICellJob<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    /// <summary>Does one piece.</summary>
    /// <param name="reach">How much of a vector it is.</param>
    /// <param name="own">Where the cell's row begins among those of one step.</param>
    /// <param name="place">Where it begins among those of all steps.</param>
    /// <param name="k">Where the piece begins in the row.</param>
    void Apply<TReach>(TReach reach, nint own, nint place, int k) where TReach : struct, IReach<T, V>;
}

/// <summary>The walk over the cells of a chunk, each a row of elements that vectors go along.</summary>
internal static class CellRows
{
    /// <summary>States of a chunk: their gates take some microseconds.</summary>
    private const int StatesInChunk = 2048;

    /// <summary>The chunks that the cells of a step are cut into.</summary>
    internal static int Chunks(RecurrentShape shape) => (shape.Cells + CellsInChunk(shape) - 1) / CellsInChunk(shape);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Walk<T, V, TJob>(in TJob job, RecurrentShape shape, int step, int chunk)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
        where TJob : struct, ICellJob<T, V>
    {
        int n = shape.Hidden;
        int cell = chunk * CellsInChunk(shape), end = Math.Min(shape.Cells, (chunk + 1) * CellsInChunk(shape));
        for (; cell < end; cell++)
        {
            nint own = (nint)cell * n, place = (nint)shape.Place(cell, step) * n;
            int k = 0;
            for (; k <= n - V.Count; k += V.Count) job.Apply(default(Whole<T, V>), own, place, k);
            if (k < n) job.Apply(new First<T, V>(n - k), own, place, k);
        }
    }

    private static int CellsInChunk(RecurrentShape shape) => Math.Max(1, StatesInChunk / shape.Hidden);
}
