using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gemm;

// Two arrays are read and one is written, four columns to a thread, by groups that go down a tile of columns and a part of the rows
// (ColumnTile): the sums of the columns cost no walk of their own.
public static partial class ActivationGradient
{
    private static void RunOnIlgpu<TOp>(
        GpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums)
        where TOp : unmanaged, IBinaryOp
    {
        if (gradient.DType == DType.Float32) RunOnIlgpu<FloatScalar, TOp>(device, op, gradient, output, rows, columns, result, sums);
        else RunOnIlgpu<DoubleScalar, TOp>(device, op, gradient, output, rows, columns, result, sums);
    }

    private static void RunOnIlgpu<TLane, TOp>(
        GpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IBinaryOp
    {
        ColumnTile tile = new(rows, columns, 1);
        Storage? scratch = tile.Parts == 1 ? null : device.Allocate(gradient.DType, checked(tile.Parts * columns));
        try
        {
            Action<ColumnTile, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> part = PartKernel;
            device.Launcher(part, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                tile.Config(1), tile, GpuStorage.ViewOf<TLane>(gradient), GpuStorage.ViewOf<TLane>(output),
                GpuStorage.ViewOf<TLane>(result), GpuStorage.ViewOf<TLane>(scratch ?? sums), op);
            if (scratch is not null) Reduce.SumParts<TLane>(device, scratch, tile.Parts, columns, sums);
        }
        finally
        {
            scratch?.Release();
        }
    }

    /// <summary>
    /// A group takes four columns for each lane over a part of the rows: a thread asks for two rows of both arrays before it uses them.
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
