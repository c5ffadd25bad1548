using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class RowSum
{
    /// <summary>Rows of at least so many columns are shared by a group of threads, shorter ones take a thread each, as for <see cref="Softmax"/>.</summary>
    private const int GroupColumns = 64;

    private static void RunIlgpu<TTerm>(IlgpuDevice device, TTerm op, in RowPlan plan, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TTerm : unmanaged, IRowTerm
    {
        if (sums.DType == DType.Float32) RunIlgpu<FloatScalar, TTerm>(device, op, plan, x, y, z, w, sums);
        else RunIlgpu<DoubleScalar, TTerm>(device, op, plan, x, y, z, w, sums);
    }

    private static void RunIlgpu<TLane, TTerm>(IlgpuDevice device, TTerm op, in RowPlan plan, Storage x, Storage y, Storage z, Storage w, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        ArrayView<TLane> a = IlgpuStorage.ViewOf<TLane>(x), b = IlgpuStorage.ViewOf<TLane>(y), c = IlgpuStorage.ViewOf<TLane>(z), d = IlgpuStorage.ViewOf<TLane>(w);
        ArrayView<TLane> result = IlgpuStorage.ViewOf<TLane>(sums);
        if (plan.Columns >= GroupColumns)
        {
            Action<RowWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TTerm> kernel = GroupKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(plan.Rows), new Index1D(GroupTree.ThreadsFor(plan.Columns))), new RowWalk(plan), a, b, c, d, result, op);
        }
        else
        {
            Action<Index1D, RowWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TTerm> kernel = ThreadKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                plan.Rows, new RowWalk(plan), a, b, c, d, result, op);
        }
    }

    /// <summary>One thread adds up one row.</summary>
    private static void ThreadKernel<TLane, TTerm>(
        Index1D row, RowWalk walk, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> sums, TTerm op)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm =>
        sums[row] = Share(walk, row, 0, 1, x, y, z, w, op);

    /// <summary>One group adds up one row: each thread its share, then all in a tree in shared memory.</summary>
    private static void GroupKernel<TLane, TTerm>(
        RowWalk walk, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> sums, TTerm op)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        TLane own = Share(walk, Grid.IdxX, Group.IdxX, Group.DimX, x, y, z, w, op);
        TLane total = GroupTree.Total(shared, own, default(SumReduction));
        if (Group.IdxX == 0) sums[Grid.IdxX] = total;
    }

    /// <summary>The sum of every <paramref name="step"/>th element of a row.</summary>
    private static TLane Share<TLane, TTerm>(
        RowWalk walk, int row, int first, int step, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, TTerm op)
        where TLane : unmanaged, ILane<TLane>
        where TTerm : unmanaged, IRowTerm
    {
        int atX = walk.X(row);
        int atY = TTerm.Arity > 1 ? walk.Y(row) : 0;
        int atZ = TTerm.Arity > 2 ? walk.Z(row) : 0;
        int atW = TTerm.Arity > 3 ? walk.W(row) : 0;
        TLane sum = TLane.Of(0);
        for (int block = first; block < walk.Columns; block += ProductElements * step)
        {
            TLane product = TLane.Of(0);
            int last = IntrinsicMath.Min(block + (ProductElements * step), walk.Columns);
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
