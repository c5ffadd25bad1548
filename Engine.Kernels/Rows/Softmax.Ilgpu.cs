using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class Softmax
{
    /// <summary>
    /// Rows of at least so many columns are shared by a group of threads, shorter ones take a thread each: a group waits at some eight
    /// barriers for each sum, which a short row does not make up for, and short rows are many.
    /// </summary>
    private const int GroupColumns = 64;

    private static void RunIlgpu<TOp>(IlgpuDevice device, TOp op, int rows, int columns, Storage a, Storage b, Storage output)
        where TOp : unmanaged, IRowFormula
    {
        if (a.DType == DType.Float32) RunIlgpu<FloatScalar, TOp>(device, op, rows, columns, a, b, output);
        else RunIlgpu<DoubleScalar, TOp>(device, op, rows, columns, a, b, output);
    }

    private static void RunIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, int rows, int columns, Storage a, Storage b, Storage output)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula
    {
        ArrayView<TLane> x = IlgpuStorage.ViewOf<TLane>(a), y = IlgpuStorage.ViewOf<TLane>(b), result = IlgpuStorage.ViewOf<TLane>(output);
        if (columns >= GroupColumns)
        {
            Action<int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel = GroupKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(rows), new Index1D(GroupTree.ThreadsFor(columns))), columns, x, y, result, op);
        }
        else
        {
            Action<Index1D, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel = ThreadKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(rows, columns, x, y, result, op);
        }
    }

    /// <summary>One thread computes one row.</summary>
    private static void ThreadKernel<TLane, TOp>(Index1D row, int columns, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> output, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula
    {
        int start = row * columns;
        int end = start + columns;
        TLane maximum = TLane.Of(TOp.TakesMaximum ? double.NegativeInfinity : 0);
        if (TOp.TakesMaximum)
            for (int i = start; i < end; i++) maximum = TLane.Max(maximum, a[i]);

        TLane sum = TLane.Of(0);
        for (int i = start; i < end; i++) sum += op.Term(a[i], b[i], maximum);
        for (int i = start; i < end; i++) output[i] = op.Element(a[i], b[i], maximum, sum);
    }

    /// <summary>
    /// One group computes one row: each thread its share of the maximum, the sum and the elements, with a tree in shared memory after the
    /// first two. An element is read last by the thread that writes it, so that the output may be an input.
    /// </summary>
    private static void GroupKernel<TLane, TOp>(int columns, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> output, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        int end = (Grid.IdxX + 1) * columns;
        int start = (Grid.IdxX * columns) + Group.IdxX;
        TLane maximum = TLane.Of(TOp.TakesMaximum ? double.NegativeInfinity : 0);
        if (TOp.TakesMaximum)
        {
            for (int i = start; i < end; i += Group.DimX) maximum = TLane.Max(maximum, a[i]);
            maximum = GroupTree.Total(shared, maximum, default(MaxReduction));
        }

        TLane sum = TLane.Of(0);
        for (int i = start; i < end; i += Group.DimX) sum += op.Term(a[i], b[i], maximum);
        sum = GroupTree.Total(shared, sum, default(SumReduction));
        for (int i = start; i < end; i += Group.DimX) output[i] = op.Element(a[i], b[i], maximum, sum);
    }
}
