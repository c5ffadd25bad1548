using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Norms.Gpu;

/// <summary>
/// The two sums of each channel of an array [rows, channels], as a GPU kernel: groups of threads go down tiles of channels and parts of the
/// rows (<see cref="ColumnTile"/>) and leave the sums of each part.
/// </summary>
internal static class ChannelSums
{
    /// <summary>The parameters of a channel, which come first in scratch memory; the sums of the parts follow.</summary>
    internal const int Parameters = 6;

    internal static void Run<TLane, TFormula>(
        GpuDevice device, TFormula formula, in ColumnTile tile, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        device.Launcher(SumKernel<TLane, TFormula>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            tile.Config(1), tile, a, b, memory, formula);
    }

    /// <summary>
    /// A group adds up four channels for each lane over a part of the rows. Every group computes the pivot of a forward pass, an average
    /// over some rows that are spread over all of them, by itself.
    /// </summary>
    private static void SumKernel<TLane, TFormula>(
        ColumnTile tile, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory, TFormula formula)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        int channel = tile.Column, left = tile.Columns - channel, step = tile.RowStep, end = tile.EndRow, row = tile.FirstRow;
        TLane zero = TLane.Of(0);
        Four<TLane> p0, p1, p2, p5;
        if (TFormula.TakesTwo)
        {
            p0 = Fours.Load(memory, channel, left, tile.IsWide, zero);
            p1 = Fours.Load(memory, channel + tile.Columns, left, tile.IsWide, zero);
            p2 = Fours.Load(memory, channel + (2 * tile.Columns), left, tile.IsWide, zero);
            p5 = TFormula.TakesScale ? Fours.Load(memory, channel + (5 * tile.Columns), left, tile.IsWide, zero) : p0;
        }
        else
        {
            p0 = p1 = p2 = p5 = Pivot(tile, a, channel, left);
            if (tile.Part == 0 && tile.IsFirst) Fours.Store(memory, channel, left, tile.IsWide, p0);
        }

        Four<TLane> first = Fours.Of(zero), second = first, otherFirst = first, otherSecond = first;
        for (; row + step < end; row += 2 * step)
        {
            int at = (row * tile.Columns) + channel, next = at + (step * tile.Columns);
            Four<TLane> x = Fours.Load(a, at, left, tile.IsWide, zero), z = Fours.Load(a, next, left, tile.IsWide, zero);
            Four<TLane> y = TFormula.TakesTwo ? Fours.Load(b, at, left, tile.IsWide, zero) : p0,
                w = TFormula.TakesTwo ? Fours.Load(b, next, left, tile.IsWide, zero) : p0;
            Add(formula, x, y, p0, p1, p2, p5, ref first, ref second);
            Add(formula, z, w, p0, p1, p2, p5, ref otherFirst, ref otherSecond);
        }

        if (row < end)
        {
            int at = (row * tile.Columns) + channel;
            Add(formula, Fours.Load(a, at, left, tile.IsWide, zero), TFormula.TakesTwo ? Fours.Load(b, at, left, tile.IsWide, zero) : p0,
                p0, p1, p2, p5, ref first, ref second);
        }

        first = tile.Total(ColumnTile.Combine(default(SumReduction), first, otherFirst), default(SumReduction));
        second = tile.Total(ColumnTile.Combine(default(SumReduction), second, otherSecond), default(SumReduction));
        if (!tile.IsFirst) return;
        int to = ((Parameters + (2 * tile.Part)) * tile.Columns) + channel;
        Fours.Store(memory, to, left, tile.IsWide, first);
        Fours.Store(memory, to + tile.Columns, left, tile.IsWide, second);
    }

    // All threads of the group have to call this.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> Pivot<TLane>(ColumnTile tile, ArrayView<TLane> x, int channel, int left)
        where TLane : unmanaged, ILane<TLane>
    {
        int count = IntrinsicMath.Min(BatchNormalization.PivotRows, tile.Rows), apart = tile.Rows / count;
        TLane zero = TLane.Of(0), n = TLane.Of(count);
        Four<TLane> sum = Fours.Of(zero);
        for (int i = Group.IdxX / tile.Lanes; i < count; i += tile.RowStep)
        {
            Four<TLane> four = Fours.Load(x, (i * apart * tile.Columns) + channel, left, tile.IsWide, zero);
            sum = new(sum.X + (four.X / n), sum.Y + (four.Y / n), sum.Z + (four.Z / n), sum.W + (four.W / n));
        }

        return tile.Total(sum, default(SumReduction));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLane, TFormula>(
        TFormula formula, Four<TLane> a, Four<TLane> b, Four<TLane> p0, Four<TLane> p1, Four<TLane> p2, Four<TLane> p5,
        ref Four<TLane> first,
        ref Four<TLane> second)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        TLane x = first.X, y = first.Y, z = first.Z, w = first.W, x2 = second.X, y2 = second.Y, z2 = second.Z, w2 = second.W;
        formula.Add(a.X, b.X, p0.X, p1.X, p2.X, p5.X, ref x, ref x2);
        formula.Add(a.Y, b.Y, p0.Y, p1.Y, p2.Y, p5.Y, ref y, ref y2);
        formula.Add(a.Z, b.Z, p0.Z, p1.Z, p2.Z, p5.Z, ref z, ref z2);
        formula.Add(a.W, b.W, p0.W, p1.W, p2.W, p5.W, ref w, ref w2);
        first = new(x, y, z, w);
        second = new(x2, y2, z2, w2);
    }

    /// <summary>The totals of the parts of four channels for each lane; all threads of the group have to call this.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Totals<TLane>(ColumnTile tile, ArrayView<TLane> memory, out Four<TLane> first, out Four<TLane> second)
        where TLane : unmanaged, ILane<TLane>
    {
        int left = tile.Columns - tile.Column;
        TLane zero = TLane.Of(0);
        Four<TLane> one = Fours.Of(zero), two = one;
        for (int part = tile.FirstRow; part < tile.EndRow; part += tile.RowStep)
        {
            int from = ((Parameters + (2 * part)) * tile.Columns) + tile.Column;
            one = ColumnTile.Combine(default(SumReduction), one, Fours.Load(memory, from, left, tile.IsWide, zero));
            two = ColumnTile.Combine(default(SumReduction), two, Fours.Load(memory, from + tile.Columns, left, tile.IsWide, zero));
        }

        first = tile.Total(one, default(SumReduction));
        second = tile.Total(two, default(SumReduction));
    }
}
