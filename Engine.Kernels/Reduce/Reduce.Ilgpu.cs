using System.Numerics;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class Reduce
{
    /// <summary>Rows of at least so many terms are shared by the threads of a group; shorter ones take a thread each.</summary>
    private const int GroupTerms = 128;

    /// <summary>The terms that are added up in one go: the totals of such blocks are added to each other, so that rounding errors stay small.</summary>
    private const int BlockTerms = 256;

    private static void PassIlgpu<TOp>(IlgpuDevice device, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TOp : unmanaged, IReduction
    {
        if (x.DType == DType.Float32) PassIlgpu<FloatScalar, TOp>(device, op, plan, x, center, y);
        else PassIlgpu<DoubleScalar, TOp>(device, op, plan, x, center, y);
    }

    private static void PassIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ReduceWalk walk = new(plan, TermsInPart(plan));
        if (walk.Parts == 1)
        {
            LaunchIlgpu<TLane, TOp>(device, op, plan, walk, x, center, y);
            return;
        }

        Storage scratch = device.Allocate(x.DType, plan.Outputs * walk.Parts);
        try
        {
            LaunchIlgpu<TLane, TOp>(device, op, plan, walk, x, center, scratch);
            ReducePlan last = plan.InnerReduced
                ? new(plan.Outputs, walk.Parts, 1, innerReduced: true)
                : new(plan.Kept.Count, walk.Parts, plan.Inner, innerReduced: false);
            LaunchIlgpu<TLane, PartsReduction<TOp>>(device, new(op), last, new(last, last.Terms), scratch, center, y);
        }
        finally
        {
            scratch.Release();
        }
    }

    /// <summary>How many terms make a part: all of them where there are outputs enough to keep a GPU busy.</summary>
    private static int TermsInPart(in ReducePlan plan)
    {
        bool groups = plan.InnerReduced && plan.Terms >= GroupTerms;
        if (plan.Outputs >= (groups ? 1024 : 16384)) return Math.Max(1, plan.Terms);

        // Not less than the square root: whoever adds up the parts should not take longer than who adds up one.
        return Math.Max(groups ? 16384 : BlockTerms, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Sqrt(plan.Terms)));
    }

    private static void LaunchIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, in ReducePlan plan, in ReduceWalk walk, Storage x, Storage? center, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ArrayView<TLane> from = IlgpuStorage.ViewOf<TLane>(x), centers = IlgpuStorage.ViewOf<TLane>(center ?? y), to = IlgpuStorage.ViewOf<TLane>(y);
        int hasCenter = center is null ? 0 : 1;
        if (plan.InnerReduced && plan.Terms >= GroupTerms)
        {
            Action<ReduceWalk, ArrayView<TLane>, ArrayView<TLane>, int, ArrayView<TLane>, TOp> kernel = GroupKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(y.Length), new Index1D(GroupTree.ThreadsFor(walk.TermsInPart))), walk, from, centers, hasCenter, to, op);
        }
        else
        {
            Action<Index1D, ReduceWalk, ArrayView<TLane>, ArrayView<TLane>, int, ArrayView<TLane>, TOp> kernel = ThreadKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                y.Length, walk, from, centers, hasCenter, to, op);
        }
    }

    /// <summary>
    /// One thread computes one output, or one part of it, term by term. Where the innermost axis is kept, neighbouring threads read
    /// neighbouring elements: this is the form for columns, and for rows that are too short to be shared.
    /// </summary>
    private static void ThreadKernel<TLane, TOp>(
        Index1D i, ReduceWalk walk, ArrayView<TLane> x, ArrayView<TLane> centers, int hasCenter, ArrayView<TLane> y, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        int column = i % walk.Columns;
        int part = i / walk.Columns % walk.Parts;
        int outer = i / walk.Columns / walk.Parts;
        int start = walk.KeptOffset(outer) + column;
        TLane center = hasCenter != 0 ? centers[(outer * walk.Columns) + column] : TLane.Of(0);
        TLane total = TLane.Of(op.Identity);
        int end = IntrinsicMath.Min(walk.Terms, (part + 1) * walk.TermsInPart);
        for (int block = part * walk.TermsInPart; block < end; block += BlockTerms)
        {
            TLane sum = TLane.Of(op.Identity);
            int blockEnd = IntrinsicMath.Min(end, block + BlockTerms);
            for (int term = block; term < blockEnd; term++) sum = op.Combine(sum, op.Map(x[start + walk.TermOffset(term)], center));
            total = op.Combine(total, sum);
        }

        y[i] = walk.Parts == 1 ? op.Finish(total, center) : total;
    }

    /// <summary>
    /// One group computes one output whose terms are a row, or one part of it: thread t takes the terms t, t + group, t + 2 group and so
    /// on, so that neighbours read neighbouring elements, and the threads' totals are brought together in a tree.
    /// </summary>
    private static void GroupKernel<TLane, TOp>(
        ReduceWalk walk, ArrayView<TLane> x, ArrayView<TLane> centers, int hasCenter, ArrayView<TLane> y, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        int part = Grid.IdxX % walk.Parts;
        int outer = Grid.IdxX / walk.Parts;
        int start = walk.KeptOffset(outer);
        TLane center = hasCenter != 0 ? centers[outer] : TLane.Of(0);
        TLane total = TLane.Of(op.Identity);
        int end = IntrinsicMath.Min(walk.Terms, (part + 1) * walk.TermsInPart);
        int step = BlockTerms * Group.DimX;
        for (int block = (part * walk.TermsInPart) + Group.IdxX; block < end; block += step)
        {
            TLane sum = TLane.Of(op.Identity);
            int blockEnd = IntrinsicMath.Min(end, block + step);
            for (int term = block; term < blockEnd; term += Group.DimX) sum = op.Combine(sum, op.Map(x[start + walk.TermOffset(term)], center));
            total = op.Combine(total, sum);
        }

        total = GroupTree.Total(shared, total, op);
        if (Group.IdxX == 0) y[Grid.IdxX] = walk.Parts == 1 ? op.Finish(total, center) : total;
    }

    private static void ArgMaxIlgpu(IlgpuDevice device, Storage x, int extent, int inner, Storage y)
    {
        if (x.DType == DType.Float32) ArgMaxIlgpu<float>(device, x, extent, inner, y);
        else ArgMaxIlgpu<double>(device, x, extent, inner, y);
    }

    private static void ArgMaxIlgpu<T>(IlgpuDevice device, Storage x, int extent, int inner, Storage y) where T : unmanaged, INumber<T>
    {
        Action<Index1D, ArrayView<T>, int, int, ArrayView<int>> kernel = ArgMaxKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, IlgpuStorage.ViewOf<T>(x), extent, inner, IlgpuStorage.ViewOf<int>(y));
    }

    /// <summary>One thread searches one row from its start, and stops at the first NaN, which is larger than everything.</summary>
    private static void ArgMaxKernel<T>(Index1D i, ArrayView<T> x, int extent, int inner, ArrayView<int> y) where T : unmanaged, INumber<T>
    {
        int at = (i / inner * extent * inner) + (i % inner);
        int best = 0;
        T maximum = x[at];
        for (int place = 1; place < extent && !T.IsNaN(maximum); place++)
        {
            at += inner;
            T candidate = x[at];
            if (candidate > maximum || T.IsNaN(candidate))
            {
                best = place;
                maximum = candidate;
            }
        }

        y[i] = best;
    }
}
