using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// <see cref="ActivationGradient"/> on a GPU. Two arrays are read and one is written, four columns to a thread, by groups that go down a
/// tile of columns over a part of the rows (<see cref="ColumnTile"/>), so that the sums of the columns need no pass of their own.
/// </summary>
internal static class GpuActivationGradient
{
    internal static void Run<TOp>(
        GpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums)
        where TOp : unmanaged, IBinaryOp =>
        LaneDispatch.OnGpu(gradient.DType, new Work<TOp>(device, op, gradient, output, rows, columns, result, sums));

    private readonly struct Work<TOp>(
        GpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums) : IScalarWork
        where TOp : unmanaged, IBinaryOp
    {
        public void Run<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            ColumnTile tile = new(rows, columns, 1);
            Storage? scratch = tile.Parts == 1 ? null : device.Allocate(gradient.DType, checked(tile.Parts * columns));
            try
            {
                Action<ColumnTile, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> part = PartKernel;
                device.Launcher(part, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    tile.Config(1), tile, GpuStorage.ViewOf<TLane>(gradient), GpuStorage.ViewOf<TLane>(output),
                    GpuStorage.ViewOf<TLane>(result), GpuStorage.ViewOf<TLane>(scratch ?? sums), op);
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
