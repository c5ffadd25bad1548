using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Rows;

public static partial class RowSum
{
    private static void RunIlgpu<TTerm>(
        GpuDevice device, TTerm op, in RowPlan plan, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TTerm : unmanaged, IRowTerm
    {
        if (sums.DType == DType.Float32) RunIlgpu<FloatScalar, TTerm>(device, op, plan, x, y, z, w, sums);
        else RunIlgpu<DoubleScalar, TTerm>(device, op, plan, x, y, z, w, sums);
    }

    private static void RunIlgpu<TLane, TTerm>(
        GpuDevice device, TTerm op, in RowPlan plan, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        int each = RowLaunch.ColumnsInPart(plan.Rows, plan.Columns), parts = Math.Max(1, (plan.Columns + each - 1) / each);
        if (parts == 1)
        {
            Launch<TLane, TTerm>(device, op, plan, 1, each, x, y, z, w, sums);
            return;
        }

        Storage scratch = device.Allocate(sums.DType, checked(plan.Rows * parts));
        try
        {
            Launch<TLane, TTerm>(device, op, plan, parts, each, x, y, z, w, scratch);
            Reduce.Sum(scratch, [plan.Rows, parts], [1], sums);
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void Launch<TLane, TTerm>(
        GpuDevice device, TTerm op, in RowPlan plan, int parts, int each, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        RowLaunch launch = new(device, sums.Length, each);
        Action<RowWalk, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TTerm> kernel =
            launch.IsThread
            ? RowKernel<TLane, TTerm, OneThread>
            : launch.IsWarp ? RowKernel<TLane, TTerm, OneWarp> : RowKernel<TLane, TTerm, OneGroup>;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            launch.Config, new RowWalk(plan), parts, each, GpuStorage.ViewOf<TLane>(x), GpuStorage.ViewOf<TLane>(y),
            GpuStorage.ViewOf<TLane>(z), GpuStorage.ViewOf<TLane>(w),
            GpuStorage.ViewOf<TLane>(sums), op);
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
        for (int block = first; block < end; block += ProductElements * step)
        {
            TLane product = TLane.Of(0);
            int last = IntrinsicMath.Min(block + (ProductElements * step), end);
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
