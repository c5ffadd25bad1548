using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Losses.Gpu;

/// <summary>The cross-entropy and its derivative as GPU kernels.</summary>
internal static class GpuCrossEntropy
{
    internal readonly record struct Loss(
        Storage Logits, Storage Labels, int Rows, int Classes, double Smoothing, Storage Losses, Storage Statistics, long Ignored)
        : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            RowLaunch launch = new(device, Rows, Classes);
            device.Launcher(
                launch.Choose(RowKernel<TLane, OneThread>, RowKernel<TLane, OneWarp>, RowKernel<TLane, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, Rows, Classes, Ignored, TLane.Of(Smoothing), ViewOf<TLane>(Logits), ViewOf<int>(Labels),
                ViewOf<TLane>(Losses), ViewOf<TLane>(Statistics));
        }
    }

    internal readonly record struct Gradient(
        Storage G, Storage Logits, Storage Labels, int Classes, double Smoothing, Storage Statistics, Storage Result, long Ignored)
        : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            device.Launcher(GradientKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Result.Length, Classes, G.Length == 1 ? 0 : 1, Ignored, TLane.Of(Smoothing), ViewOf<TLane>(G), ViewOf<TLane>(Logits),
                ViewOf<int>(Labels), ViewOf<TLane>(Statistics), ViewOf<TLane>(Result));
        }
    }

    /// <summary>
    /// One team computes one row's loss: each thread its share of the maximum, which reads memory, and then of the sums, which finds the
    /// row in the cache.
    /// </summary>
    private static void RowKernel<TLane, TTeam>(
        int rows, int classes, long ignored, TLane smoothing, ArrayView<TLane> logits, ArrayView<int> labels, ArrayView<TLane> losses,
        ArrayView<TLane> statistics)
        where TLane : unmanaged, ILane<TLane>
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= rows) return;
        if (labels[row] == ignored)
        {
            if (TTeam.Thread == 0) losses[row] = statistics[2 * row] = statistics[(2 * row) + 1] = TLane.Of(0);
            return;
        }

        int start = row * classes, first = 4 * TTeam.Thread, step = 4 * TTeam.Size;
        bool isWide = (classes & 3) == 0;
        TLane padding = TLane.Of(double.NegativeInfinity), zero = TLane.Of(0), maximum = padding;
        for (int i = first; i < classes; i += step)
        {
            Four<TLane> z = Fours.Load(logits, start + i, classes - i, isWide, padding);
            maximum = TLane.Max(maximum, TLane.Max(TLane.Max(z.X, z.Y), TLane.Max(z.Z, z.W)));
        }

        maximum = TTeam.Total(maximum, default(MaxReduction));
        TLane sum = zero, distances = zero;
        for (int i = first; i < classes; i += step)
        {
            int left = classes - i;
            Four<TLane> z = Fours.Load(logits, start + i, left, isWide, padding);
            TLane x = z.X - maximum, y = z.Y - maximum, u = z.Z - maximum, w = z.W - maximum;
            sum += LaneMath.Exp(x) + LaneMath.Exp(y) + (LaneMath.Exp(u) + LaneMath.Exp(w));
            distances += x + (left > 1 ? y : zero) + ((left > 2 ? u : zero) + (left > 3 ? w : zero));
        }

        sum = TTeam.Total(sum, default(SumReduction));
        distances = TTeam.Total(distances, default(SumReduction));
        if (TTeam.Thread == 0) Finish(row, classes, smoothing, logits[start + labels[row]], maximum, sum, distances, losses, statistics);
    }

    // loss = log sum - (1 - e)(z_label - m) - (e / classes) sum of (z - m)
    private static void Finish<TLane>(
        int row, int classes, TLane smoothing, TLane ofLabel, TLane maximum, TLane sum, TLane distances, ArrayView<TLane> losses,
        ArrayView<TLane> statistics)
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
        Index1D i, int classes, int gStep, long ignored, TLane smoothing, ArrayView<TLane> g, ArrayView<TLane> logits,
        ArrayView<int> labels,
        ArrayView<TLane> statistics, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int row = i / classes;
        if (labels[row] == ignored)
        {
            result[i] = TLane.Of(0);
            return;
        }

        TLane probability = LaneMath.Exp((logits[i] - statistics[2 * row]) - statistics[(2 * row) + 1]);
        TLane ofLabel = i % classes == labels[row] ? TLane.Of(1) - smoothing : TLane.Of(0);
        result[i] = g[row * gStep] * ((probability - ofLabel) - (smoothing / TLane.Of(classes)));
    }
}
