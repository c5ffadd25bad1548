namespace Engine.Kernels.Reductions.Gpu;

/// <summary>The correction of variances as a GPU kernel: what <see cref="Host.ExtremeOutputs"/> does on the host.</summary>
/// <remarks>
/// The host does not look at the variances, so the kernel is launched always. A thread reads the mean and the variance of one output, and
/// ends where these are ordinary. Elsewhere it passes over the terms by itself, which takes its time, but is rare.
/// </remarks>
internal static class GpuVarianceCorrection
{
    /// <summary>Terms that are summed by themselves, so that rounding errors stay small.</summary>
    private const int BlockTerms = 256;

    internal readonly record struct Work(ReducePlan Plan, Storage X, Storage Mean, Storage Variance) : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device) =>
            device.Launcher(Kernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Plan.Outputs, new ReduceWalk(Plan, Plan.Terms), ViewOf<TLane>(X), ViewOf<TLane>(Mean), ViewOf<TLane>(Variance));
    }

    /// <summary>One thread looks at one output.</summary>
    private static void Kernel<TLane>(
        Index1D output, ReduceWalk walk, ArrayView<TLane> x, ArrayView<TLane> means, ArrayView<TLane> variances)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        TLane mean = means[output], variance = variances[output], one = TLane.Of(1), zero = TLane.Of(0);
        bool isFinite = TLane.IsLess(variance, TLane.Of(double.PositiveInfinity));
        TLane far = TLane.Of(ReductionScale.FarDeviations(TLane.IsDouble)) * TLane.Sqrt(variance);
        if (isFinite && !TLane.IsLess(far, TLane.Abs(mean))) return;
        TLane scale = isFinite ? one : ReductionScale.Small<TLane>(), unscaled = isFinite ? one : ReductionScale.Large<TLane>();
        TLane center = mean * scale, sum = zero, squares = zero, terms = TLane.Of(walk.Terms);
        int start = walk.KeptOffset(output / walk.Columns) + (output % walk.Columns);
        for (int block = 0; block < walk.Terms; block += BlockTerms)
        {
            TLane blockSum = zero, blockSquares = zero;
            int end = IntrinsicMath.Min(block + BlockTerms, walk.Terms);
            for (int term = block; term < end; term++)
            {
                TLane d = (x[start + walk.TermOffset(term)] * scale) - center;
                blockSum += d;
                blockSquares += d * d;
            }

            sum += blockSum;
            squares += blockSquares;
        }

        // mean(d²) - mean(d)²: the mean was rounded before it was taken away, and is what the distances say it is off by.
        TLane distance = sum / terms;
        variances[output] = TLane.Max((squares / terms) - (distance * distance), zero) * unscaled * unscaled;
    }
}
