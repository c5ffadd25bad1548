using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class CrossEntropy
{
    /// <summary>Rows of at least so many classes are shared by a group of threads, shorter ones take a thread each, as for <see cref="Softmax"/>.</summary>
    private const int GroupClasses = 64;

    private static void RunIlgpu(IlgpuDevice device, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage losses, Storage statistics)
    {
        if (logits.DType == DType.Float32) RunIlgpu<FloatScalar>(device, logits, labels, rows, classes, smoothing, losses, statistics);
        else RunIlgpu<DoubleScalar>(device, logits, labels, rows, classes, smoothing, losses, statistics);
    }

    private static void RunIlgpu<TLane>(
        IlgpuDevice device, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage losses, Storage statistics)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> z = IlgpuStorage.ViewOf<TLane>(logits), loss = IlgpuStorage.ViewOf<TLane>(losses), found = IlgpuStorage.ViewOf<TLane>(statistics);
        ArrayView<int> label = IlgpuStorage.ViewOf<int>(labels);
        if (classes >= GroupClasses)
        {
            Action<int, TLane, ArrayView<TLane>, ArrayView<int>, ArrayView<TLane>, ArrayView<TLane>> kernel = GroupKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(rows), new Index1D(GroupTree.ThreadsFor(classes))), classes, TLane.Of(smoothing), z, label, loss, found);
        }
        else
        {
            Action<Index1D, int, TLane, ArrayView<TLane>, ArrayView<int>, ArrayView<TLane>, ArrayView<TLane>> kernel = ThreadKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                rows, classes, TLane.Of(smoothing), z, label, loss, found);
        }
    }

    private static void GradientIlgpu(IlgpuDevice device, Storage g, Storage logits, Storage labels, int classes, double smoothing, Storage statistics, Storage result)
    {
        if (logits.DType == DType.Float32) GradientIlgpu<FloatScalar>(device, g, logits, labels, classes, smoothing, statistics, result);
        else GradientIlgpu<DoubleScalar>(device, g, logits, labels, classes, smoothing, statistics, result);
    }

    private static void GradientIlgpu<TLane>(
        IlgpuDevice device, Storage g, Storage logits, Storage labels, int classes, double smoothing, Storage statistics, Storage result)
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, int, int, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<int>, ArrayView<TLane>, ArrayView<TLane>> kernel = GradientKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            result.Length, classes, g.Length == 1 ? 0 : 1, TLane.Of(smoothing), IlgpuStorage.ViewOf<TLane>(g), IlgpuStorage.ViewOf<TLane>(logits),
            IlgpuStorage.ViewOf<int>(labels), IlgpuStorage.ViewOf<TLane>(statistics), IlgpuStorage.ViewOf<TLane>(result));
    }

    /// <summary>One thread computes one row's loss.</summary>
    private static void ThreadKernel<TLane>(
        Index1D row, int classes, TLane smoothing, ArrayView<TLane> logits, ArrayView<int> labels, ArrayView<TLane> losses, ArrayView<TLane> statistics)
        where TLane : unmanaged, ILane<TLane>
    {
        int start = row * classes;
        int end = start + classes;
        TLane maximum = TLane.Of(double.NegativeInfinity);
        for (int i = start; i < end; i++) maximum = TLane.Max(maximum, logits[i]);
        TLane sum = TLane.Of(0);
        TLane distances = TLane.Of(0);
        for (int i = start; i < end; i++)
        {
            TLane distance = logits[i] - maximum;
            sum += LaneMath.Exp(distance);
            distances += distance;
        }

        Finish(row, classes, smoothing, logits[start + labels[row]], maximum, sum, distances, losses, statistics);
    }

    /// <summary>One group computes one row's loss: each thread its share of the maximum and the sums, with a tree in shared memory after each.</summary>
    private static void GroupKernel<TLane>(
        int classes, TLane smoothing, ArrayView<TLane> logits, ArrayView<int> labels, ArrayView<TLane> losses, ArrayView<TLane> statistics)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(GroupTree.MaxThreads);
        int row = Grid.IdxX;
        int start = row * classes;
        int end = start + classes;
        TLane maximum = TLane.Of(double.NegativeInfinity);
        for (int i = start + Group.IdxX; i < end; i += Group.DimX) maximum = TLane.Max(maximum, logits[i]);
        maximum = GroupTree.Total(shared, maximum, default(MaxReduction));
        TLane sum = TLane.Of(0);
        TLane distances = TLane.Of(0);
        for (int i = start + Group.IdxX; i < end; i += Group.DimX)
        {
            TLane distance = logits[i] - maximum;
            sum += LaneMath.Exp(distance);
            distances += distance;
        }

        sum = GroupTree.Total(shared, sum, default(SumReduction));
        distances = GroupTree.Total(shared, distances, default(SumReduction));
        if (Group.IdxX == 0) Finish(row, classes, smoothing, logits[start + labels[row]], maximum, sum, distances, losses, statistics);
    }

    // loss = log sum - (1 - e)(z_label - m) - (e / classes) sum of (z - m)
    private static void Finish<TLane>(
        int row, int classes, TLane smoothing, TLane ofLabel, TLane maximum, TLane sum, TLane distances, ArrayView<TLane> losses, ArrayView<TLane> statistics)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane zero = TLane.Of(0);
        TLane logSum = LaneMath.Log(sum);
        TLane spread = TLane.SelectLess(zero, smoothing, smoothing / TLane.Of(classes) * distances, zero);
        losses[row] = (logSum - ((TLane.Of(1) - smoothing) * (ofLabel - maximum))) - spread;
        statistics[2 * row] = maximum;
        statistics[(2 * row) + 1] = logSum;
    }

    /// <summary>One thread computes one element: dz = g (e^((z - m) - log sum) - (1 - e) [it is the label's] - e / classes).</summary>
    private static void GradientKernel<TLane>(
        Index1D i, int classes, int gStep, TLane smoothing, ArrayView<TLane> g, ArrayView<TLane> logits, ArrayView<int> labels, ArrayView<TLane> statistics,
        ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int row = i / classes;
        TLane probability = LaneMath.Exp((logits[i] - statistics[2 * row]) - statistics[(2 * row) + 1]);
        TLane ofLabel = i % classes == labels[row] ? TLane.Of(1) - smoothing : TLane.Of(0);
        result[i] = g[row * gStep] * ((probability - ofLabel) - (smoothing / TLane.Of(classes)));
    }
}
