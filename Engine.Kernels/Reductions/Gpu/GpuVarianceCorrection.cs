namespace Engine.Kernels.Reductions.Gpu;

/// <summary>The correction of variances as a GPU kernel: what <see cref="Host.ExtremeOutputs"/> does on the host.</summary>
/// <remarks>
/// The host does not look at the variances, so the kernel is launched always. It reads one mean and one variance for each output, by as
/// many threads as there are outputs where there are many, and returns where these are ordinary. Elsewhere the team passes over the terms.
/// </remarks>
internal static class GpuVarianceCorrection
{
    /// <summary>So many outputs keep a card busy with one thread each.</summary>
    private const int ManyOutputs = 4096;

    internal readonly record struct Work(ReducePlan Plan, Storage X, Storage Mean, Storage Variance) : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            RowLaunch launch = new(device, Plan.Outputs, Plan.Outputs >= ManyOutputs ? 1 : Plan.Terms);
            device.Launcher(
                launch.Choose(Kernel<TLane, OneThread>, Kernel<TLane, OneWarp>, Kernel<TLane, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, new ReduceWalk(Plan, Plan.Terms), ViewOf<TLane>(X), ViewOf<TLane>(Mean), ViewOf<TLane>(Variance));
        }
    }

    /// <summary>A team looks at one output.</summary>
    private static void Kernel<TLane, TTeam>(
        ReduceWalk walk, ArrayView<TLane> x, ArrayView<TLane> means, ArrayView<TLane> variances)
        where TLane : unmanaged, IScalarLane<TLane>
        where TTeam : unmanaged, IRowTeam
    {
        int output = TTeam.Row;
        if (output >= variances.IntLength) return;
        TLane mean = means[output], variance = variances[output], one = TLane.Of(1), zero = TLane.Of(0);
        bool isFinite = TLane.IsLess(variance, TLane.Of(double.PositiveInfinity));
        TLane far = TLane.Of(ReductionScale.FarDeviations(TLane.IsDouble)) * TLane.Sqrt(variance);
        if (isFinite && !TLane.IsLess(far, TLane.Abs(mean))) return;
        TLane scale = isFinite ? one : ReductionScale.Small<TLane>(), unscaled = isFinite ? one : ReductionScale.Large<TLane>();
        TLane center = mean * scale, sum = zero, squares = zero;
        int start = walk.KeptOffset(output / walk.Columns) + (output % walk.Columns);
        for (int term = TTeam.Thread; term < walk.Terms; term += TTeam.Size)
        {
            TLane d = (x[start + walk.TermOffset(term)] * scale) - center;
            sum += d;
            squares += d * d;
        }

        // mean(d²) - mean(d)²: the mean was rounded before it was taken away, and is what the distances say it is off by.
        TLane terms = TLane.Of(walk.Terms), distance = TTeam.Total(sum, default(SumReduction)) / terms;
        TLane own = TTeam.Total(squares, default(SumReduction)) / terms;
        if (TTeam.Thread != 0) return;
        variances[output] = TLane.Max(own - (distance * distance), zero) * unscaled * unscaled;
    }
}
