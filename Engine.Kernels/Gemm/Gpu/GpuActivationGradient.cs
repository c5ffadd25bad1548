using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// <see cref="ActivationGradient"/> on a GPU. Two arrays are read and one is written, four columns to a thread, by groups that go down a
/// tile of columns over a part of the rows (<see cref="ColumnTile"/>), so that the sums of the columns need no pass of their own.
/// </summary>
internal static class GpuActivationGradient
{
    internal readonly struct Pass<TOp>(
        TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums) : IScalarWork
        where TOp : unmanaged, IBinaryOp
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ColumnTile tile = new(rows, columns, 1);
            Storage? scratch = tile.Parts == 1 ? null : device.Allocate(gradient.DType, checked(tile.Parts * columns));
            try
            {
                device.Launcher(PartKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    tile.Config(1), tile, ViewOf<TLane>(gradient), ViewOf<TLane>(output),
                    ViewOf<TLane>(result), ViewOf<TLane>(scratch ?? sums), op);
                if (scratch is not null) GpuReduce.SumParts<TLane>(device, scratch, tile.Parts, columns, sums);
            }
            finally
            {
                scratch?.Release();
            }
        }
    }

    /// <summary>
    /// A group takes four columns for each lane over a part of the rows; a thread loads two rows of both arrays before it uses them.
    /// </summary>
    private static void PartKernel<TLane, TOp>(
        ColumnTile tile, ArrayView<TLane> gradient, ArrayView<TLane> output, ArrayView<TLane> result, ArrayView<TLane> partial, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IBinaryOp
    {
        int column = tile.Column, left = tile.Columns - column, step = tile.RowStep, end = tile.EndRow, row = tile.FirstRow;
        TLane zero = TLane.Of(0);
        Four<TLane> sum = Fours.Of(zero), other = sum;
        for (; row + step < end; row += 2 * step)
        {
            int at = (row * tile.Columns) + column, next = at + (step * tile.Columns);
            Four<TLane> g = Fours.Load(gradient, at, left, tile.IsWide, zero), h = Fours.Load(gradient, next, left, tile.IsWide, zero);
            Four<TLane> y = Fours.Load(output, at, left, tile.IsWide, zero), z = Fours.Load(output, next, left, tile.IsWide, zero);
            Four<TLane> a = Apply(op, g, y), b = Apply(op, h, z);
            Fours.Store(result, at, left, tile.IsWide, a);
            Fours.Store(result, next, left, tile.IsWide, b);
            sum = ColumnTile.Combine(default(SumReduction), sum, a);
            other = ColumnTile.Combine(default(SumReduction), other, b);
        }

        if (row < end)
        {
            int at = (row * tile.Columns) + column;
            Four<TLane> a = Apply(op, Fours.Load(gradient, at, left, tile.IsWide, zero), Fours.Load(output, at, left, tile.IsWide, zero));
            Fours.Store(result, at, left, tile.IsWide, a);
            sum = ColumnTile.Combine(default(SumReduction), sum, a);
        }

        sum = tile.Total(ColumnTile.Combine(default(SumReduction), sum, other), default(SumReduction));
        if (tile.IsFirst) Fours.Store(partial, (tile.Part * tile.Columns) + column, left, tile.IsWide, sum);
    }

    private static Four<TLane> Apply<TLane, TOp>(TOp op, Four<TLane> g, Four<TLane> y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IBinaryOp => new(op.Apply(g.X, y.X), op.Apply(g.Y, y.Y), op.Apply(g.Z, y.Z), op.Apply(g.W, y.W));
}
