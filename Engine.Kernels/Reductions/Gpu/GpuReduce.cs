namespace Engine.Kernels.Reductions.Gpu;

/// <summary>Reductions as GPU kernels.</summary>
/// <remarks>
/// A sum does one addition for each element that it reads, so it is as fast as memory is where the whole card reads, in wide loads. Rows go
/// to teams of threads (<see cref="IRowTeam"/>), columns to tiles (<see cref="ColumnTile"/>). Where there are too few outputs to keep the
/// card busy, their terms are cut into parts, whose totals a second launch adds up: 100 M elements are 1526 parts of 65536. No thread adds
/// to another's total in memory, and the cut depends on the shape alone, so that a sum has the same bits at every run.
/// </remarks>
internal static class GpuReduce
{
    /// <summary>One pass over x.</summary>
    internal readonly record struct Pass<TOp>(TOp Op, ReducePlan Plan, Storage X, Storage? Center, Storage Y)
        : IScalarWork
        where TOp : unmanaged, IReduction
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            if (Plan.InnerReduced) Rows<TLane, TOp>(device, Op, Plan, X, Center, Y);
            else Columns<TLane, TOp>(device, Op, Plan, X, Center, Y);
        }
    }

    private static void Rows<TLane, TOp>(GpuDevice device, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ReduceWalk walk = new(plan, RowLaunch.ColumnsInPart(plan.Outputs, plan.Terms));
        if (walk.Parts == 1)
        {
            LaunchRows<TLane, TOp>(device, op, walk, x, center, y);
            return;
        }

        using Scratch scratch = new(device, x.DType, plan.Outputs * walk.Parts);
        LaunchRows<TLane, TOp>(device, op, walk, x, center, scratch);
        ReducePlan last = new(plan.Outputs, walk.Parts, 1, innerReduced: true);
        LaunchRows<TLane, PartsReduction<TOp>>(device, new(op), new(last, last.Terms), scratch, center, y);
    }

    private static void LaunchRows<TLane, TOp>(GpuDevice device, TOp op, in ReduceWalk walk, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        RowLaunch launch = new(device, y.Length, walk.TermsInPart);
        device.Launcher(
            launch.Choose(RowKernel<TLane, TOp, OneThread>, RowKernel<TLane, TOp, OneWarp>, RowKernel<TLane, TOp, OneGroup>),
            static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            launch.Config, walk, ViewOf<TLane>(x), ViewOf<TLane>(center ?? y), center is null ? 0 : 1,
            ViewOf<TLane>(y), op);
    }

    private static void Columns<TLane, TOp>(GpuDevice device, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        int arrays = plan.Kept.Count;
        ColumnTile tile = new(plan.Terms, plan.Inner, arrays);
        if (tile.Parts == 1)
        {
            LaunchColumns<TLane, TOp>(device, op, plan, tile, arrays, x, center, y);
            return;
        }

        using Scratch scratch = new(device, x.DType, plan.Outputs * tile.Parts);
        LaunchColumns<TLane, TOp>(device, op, plan, tile, arrays, x, center, scratch);
        ReducePlan last = new(arrays, tile.Parts, plan.Inner, innerReduced: false);
        LaunchColumns<TLane, PartsReduction<TOp>>(
            device, new(op), last, new(tile.Parts, plan.Inner, arrays, isWhole: true), arrays, scratch, center, y);
    }

    /// <summary>
    /// sums[column] = the sum of the rows of x, [parts, columns]: the partial sums that groups of threads found of the columns of a larger
    /// array.
    /// </summary>
    internal static void SumParts<TLane>(GpuDevice device, Storage x, int parts, int columns, Storage sums)
        where TLane : unmanaged, ILane<TLane> =>
        LaunchColumns<TLane, SumReduction>(
            device, default, new(1, parts, columns, innerReduced: false), new(parts, columns, 1, isWhole: true), 1, x, null, sums);

    private static void LaunchColumns<TLane, TOp>(
        GpuDevice device, TOp op, in ReducePlan plan, in ColumnTile tile, int arrays, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        device.Launcher(ColumnKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            tile.Config(arrays), new ReduceWalk(plan, Math.Max(1, plan.Terms)), tile, ViewOf<TLane>(x),
            ViewOf<TLane>(center ?? y), center is null ? 0 : 1, ViewOf<TLane>(y), op);
    }

    /// <summary>
    /// A team computes one output whose terms are a row, or one part of it. A thread takes four neighbours at a time, two such fours before
    /// it uses either, and so keeps eight totals.
    /// </summary>
    private static void RowKernel<TLane, TOp, TTeam>(
        ReduceWalk walk, ArrayView<TLane> x, ArrayView<TLane> centers, int hasCenter, ArrayView<TLane> y, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= y.IntLength) return;
        int part = row % walk.Parts, outer = row / walk.Parts;
        int start = walk.KeptOffset(outer), first = part * walk.TermsInPart,
            count = IntrinsicMath.Min(walk.Terms - first, walk.TermsInPart), step = 4 * TTeam.Size;
        TLane center = hasCenter != 0 ? centers[outer] : TLane.Of(0);
        TLane padding = op.Padding(center);
        Four<TLane> even = Fours.Of(TLane.Of(op.Identity)), odd = even;
        for (int i = 4 * TTeam.Thread; i < count; i += 2 * step)
        {
            Four<TLane> a = Terms(walk, x, start, first + i, count - i, padding),
                b = Terms(walk, x, start, first + i + step, count - i - step, padding);
            even = ColumnTile.Combine(op, even, Map(op, a, center));
            odd = ColumnTile.Combine(op, odd, Map(op, b, center));
        }

        Four<TLane> four = ColumnTile.Combine(op, even, odd);
        TLane total = TTeam.Total(op.Combine(op.Combine(four.X, four.Y), op.Combine(four.Z, four.W)), op);
        if (TTeam.Thread == 0) y[row] = walk.Parts == 1 ? op.Finish(total, center) : total;
    }

    /// <summary>
    /// A group computes four outputs for each of its lanes, or a part of them: a thread takes four rows before it uses the first.
    /// </summary>
    private static void ColumnKernel<TLane, TOp>(
        ReduceWalk walk, ColumnTile tile, ArrayView<TLane> x, ArrayView<TLane> centers, int hasCenter, ArrayView<TLane> y, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        int column = tile.Column, left = tile.Columns - column, start = walk.KeptOffset(tile.Array) + column, step = tile.RowStep,
            end = tile.EndRow, row = tile.FirstRow;
        TLane zero = TLane.Of(0);
        Four<TLane> center = hasCenter != 0 ? Fours.Load(centers, (tile.Array * tile.Columns) + column, left, tile.IsWide, zero)
            : Fours.Of(zero);
        Four<TLane> s0 = Fours.Of(TLane.Of(op.Identity)), s1 = s0, s2 = s0, s3 = s0;
        for (; row + (3 * step) < end; row += 4 * step)
        {
            Four<TLane> a = Fours.Load(x, start + walk.TermOffset(row), left, tile.IsWide, zero),
                b = Fours.Load(x, start + walk.TermOffset(row + step), left, tile.IsWide, zero);
            Four<TLane> c = Fours.Load(x, start + walk.TermOffset(row + (2 * step)), left, tile.IsWide, zero),
                d = Fours.Load(x, start + walk.TermOffset(row + (3 * step)), left, tile.IsWide, zero);
            s0 = ColumnTile.Combine(op, s0, Map(op, a, center));
            s1 = ColumnTile.Combine(op, s1, Map(op, b, center));
            s2 = ColumnTile.Combine(op, s2, Map(op, c, center));
            s3 = ColumnTile.Combine(op, s3, Map(op, d, center));
        }

        for (; row < end; row += step) s0 =
            ColumnTile.Combine(op, s0, Map(op, Fours.Load(x, start + walk.TermOffset(row), left, tile.IsWide, zero), center));
        Four<TLane> total = tile.Total(ColumnTile.Combine(op, ColumnTile.Combine(op, s0, s1), ColumnTile.Combine(op, s2, s3)), op);
        if (!tile.IsFirst) return;
        if (tile.Parts == 1) total =
            new(op.Finish(total.X, center.X), op.Finish(total.Y, center.Y), op.Finish(total.Z, center.Z), op.Finish(total.W, center.W));
        Fours.Store(y, (((tile.Array * tile.Parts) + tile.Part) * tile.Columns) + column, left, tile.IsWide, total);
    }

    // Four terms of a row, of which so many are left; the others are padding. Wherever neighbours are neighbours in memory, and begin at a
    // multiple of four, they are read at once.
    private static Four<TLane> Terms<TLane>(ReduceWalk walk, ArrayView<TLane> x, int start, int term, int left, TLane padding)
        where TLane : unmanaged, ILane<TLane>
    {
        if (walk.IsWide != 0 && left >= 4) return x.Cast<Four<TLane>>()[(start + walk.TermOffset(term)) >> 2];
        return new(
            left > 0 ? x[start + walk.TermOffset(term)] : padding, left > 1 ? x[start + walk.TermOffset(term + 1)] : padding,
            left > 2 ? x[start + walk.TermOffset(term + 2)] : padding, left > 3 ? x[start + walk.TermOffset(term + 3)] : padding);
    }

    private static Four<TLane> Map<TLane, TOp>(TOp op, Four<TLane> x, TLane center)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction => new(op.Map(x.X, center), op.Map(x.Y, center), op.Map(x.Z, center), op.Map(x.W, center));

    private static Four<TLane> Map<TLane, TOp>(TOp op, Four<TLane> x, Four<TLane> center)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction =>
            new(op.Map(x.X, center.X), op.Map(x.Y, center.Y), op.Map(x.Z, center.Z), op.Map(x.W, center.W));
}
