using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Rows.Gpu;

/// <summary>Sums of elementwise terms over rows as GPU kernels.</summary>
internal static class GpuRowSum
{
    internal readonly record struct Pass<TTerm>(
        TTerm Op, RowPlan Plan, Storage X, Storage Y, Storage Z, Storage W, Storage Sums) : IScalarWork
        where TTerm : unmanaged, IRowTerm
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            int each = RowLaunch.ColumnsInPart(Plan.Rows, Plan.Columns), parts = Math.Max(1, (Plan.Columns + each - 1) / each);
            if (parts == 1)
            {
                Launch<TLane, TTerm>(device, Op, Plan, 1, each, X, Y, Z, W, Sums);
                return;
            }

            using Scratch scratch = new(device, Sums.DType, checked(Plan.Rows * parts));
            Launch<TLane, TTerm>(device, Op, Plan, parts, each, X, Y, Z, W, scratch);
            Reduce.Sum(scratch, [Plan.Rows, parts], [1], Sums);
        }
    }

    private static void Launch<TLane, TTerm>(
        GpuDevice device, TTerm op, in RowPlan plan, int parts, int each, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        RowLaunch launch = new(device, sums.Length, each);
        device.Launcher(
            launch.Choose(RowKernel<TLane, TTerm, OneThread>, RowKernel<TLane, TTerm, OneWarp>, RowKernel<TLane, TTerm, OneGroup>),
            static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            launch.Config, new RowWalk(plan), parts, each, ViewOf<TLane>(x), ViewOf<TLane>(y),
            ViewOf<TLane>(z), ViewOf<TLane>(w), ViewOf<TLane>(sums), op);
    }

    /// <summary>
    /// One team adds up one row, or a part of it. Neighbouring threads take neighbouring elements, and each its own logarithm of a product.
    /// </summary>
    private static void RowKernel<TLane, TTerm, TTeam>(
        RowWalk walk, int parts, int each, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w,
        ArrayView<TLane> sums, TTerm op)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= sums.IntLength) return;
        int start = row % parts * each, end = IntrinsicMath.Min(walk.Columns, start + each);
        TLane total = TTeam.Total(Share(walk, row / parts, start + TTeam.Thread, end, TTeam.Size, x, y, z, w, op), default(SumReduction));
        if (TTeam.Thread == 0) sums[row] = total;
    }

    /// <summary>The sum of every <paramref name="step"/>th element of a row, from one on and up to an end.</summary>
    private static TLane Share<TLane, TTerm>(
        RowWalk walk, int row, int first, int end, int step, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w,
        TTerm op)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        int atX = walk.X(row);
        int atY = TTerm.Arity > 1 ? walk.Y(row) : 0;
        int atZ = TTerm.Arity > 2 ? walk.Z(row) : 0;
        int atW = TTerm.Arity > 3 ? walk.W(row) : 0;
        TLane sum = TLane.Of(0);
        for (int block = first; block < end; block += RowSum.ProductElements * step)
        {
            TLane product = TLane.Of(0);
            int last = IntrinsicMath.Min(block + (RowSum.ProductElements * step), end);
            for (int i = block; i < last; i += step)
            {
                TLane a = x[atX + (i * walk.StepX)];
                TLane b = TTerm.Arity > 1 ? y[atY + (i * walk.StepY)] : default;
                TLane c = TTerm.Arity > 2 ? z[atZ + (i * walk.StepZ)] : default;
                TLane d = TTerm.Arity > 3 ? w[atW + (i * walk.StepW)] : default;
                sum += op.Term(a, b, c, d);
                if (TTerm.LogSign != 0)
                {
                    TLane growth = op.Growth(a, b, c, d);
                    product = TLane.MulAdd(product, TLane.Of(1) + growth, growth);
                }
            }

            if (TTerm.LogSign != 0) sum += TLane.Of(TTerm.LogSign) * LaneMath.Log1p(product);
        }

        return sum;
    }
}

/// <summary>A <see cref="RowPlan"/> as GPU kernels take it.</summary>
internal readonly unsafe struct RowWalk
{
    internal readonly int Columns;
    private readonly MapWalk _outer;
    private readonly int _x, _y, _z, _w;

    internal RowWalk(in RowPlan plan)
    {
        Columns = plan.Columns;
        _outer = new MapWalk(plan.Outer);
        (_x, _y, _z, _w) = (plan.Widths[0], plan.Widths[1], plan.Widths[2], plan.Widths[3]);
    }

    internal int StepX => _x == Columns ? 1 : 0;

    internal int StepY => _y == Columns ? 1 : 0;

    internal int StepZ => _z == Columns ? 1 : 0;

    internal int StepW => _w == Columns ? 1 : 0;

    internal int X(int row) => Start(_outer.X, row) * _x;

    internal int Y(int row) => Start(_outer.Y, row) * _y;

    internal int Z(int row) => Start(_outer.Z, row) * _z;

    internal int W(int row) => Start(_outer.W, row) * _w;

    private int Start(AxisValues steps, int row)
    {
        int offset = 0;
        for (int axis = _outer.Rank - 1; axis >= 0; axis--)
        {
            int place = axis == 0 ? row : row % _outer.Extents[axis];
            if (axis > 0) row /= _outer.Extents[axis];
            offset += place * steps[axis];
        }

        return offset;
    }
}
