namespace Engine.Kernels.Reductions.Gpu;

/// <summary>
/// A <see cref="ReducePlan"/> as GPU kernels take it. An output is a position along the kept axes and a column; its terms have an order,
/// and are cut into parts at places that depend on the shape alone.
/// </summary>
internal readonly struct ReduceWalk
{
    private readonly int _keptRank, _termRank;
    private readonly AxisValues _keptExtents, _keptStrides, _termExtents, _termStrides;

    /// <summary>The columns: neighbouring outputs whose terms are neighbours. 1 where the innermost axis is reduced.</summary>
    internal readonly int Columns;

    /// <summary>The terms of an output.</summary>
    internal readonly int Terms;

    /// <summary>The partial results of an output.</summary>
    internal readonly int Parts;

    /// <summary>The terms of a part; the last one may have fewer.</summary>
    internal readonly int TermsInPart;

    /// <summary>
    /// Not 0 where four terms of a row, the first a multiple of four, are neighbours in memory and begin at a multiple of four.
    /// </summary>
    internal readonly int IsWide;

    internal ReduceWalk(in ReducePlan plan, int termsInPart)
    {
        AxisWalk kept = plan.Kept;
        AxisWalk terms = plan.Summed;
        if (plan.InnerReduced) terms.Add(plan.Inner, 1);
        Columns = plan.InnerReduced ? 1 : plan.Inner;
        (_keptRank, _keptExtents, _keptStrides) = Axes(kept);
        (_termRank, _termExtents, _termStrides) = Axes(terms);
        Terms = plan.Terms;
        IsWide = plan.InnerReduced && (plan.Inner % 4 == 0 || (kept.Count == 1 && terms.Rank <= 1 && terms.InnerStride <= 1)) ? 1 : 0;
        TermsInPart = termsInPart;
        Parts = Math.Max(1, (int)(((long)Terms + termsInPart - 1) / termsInPart));
    }

    /// <summary>Where the terms of an output start.</summary>
    internal int KeptOffset(int outer) => Offset(outer, _keptRank, _keptExtents, _keptStrides);

    /// <summary>How far a term is from there.</summary>
    internal int TermOffset(int term) => Offset(term, _termRank, _termExtents, _termStrides);

    private static int Offset(int index, int rank, AxisValues extents, AxisValues strides)
    {
        int offset = 0;
        for (int axis = rank - 1; axis > 0; axis--)
        {
            offset += index % extents[axis] * strides[axis];
            index /= extents[axis];
        }

        return rank == 0 ? 0 : offset + (index * strides[0]);
    }

    private static (int Rank, AxisValues Extents, AxisValues Strides) Axes(in AxisWalk walk)
    {
        Span<int> extents = stackalloc int[Shape.MaxRank];
        Span<int> strides = stackalloc int[Shape.MaxRank];
        for (int axis = 0; axis < walk.Rank; axis++) (extents[axis], strides[axis]) = (walk.Extent(axis), walk.Stride(axis));
        return (walk.Rank, new(extents), new(strides));
    }
}
