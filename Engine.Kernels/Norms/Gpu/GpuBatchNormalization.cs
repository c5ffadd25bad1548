using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Norms.Gpu;

/// <summary>Batch normalisation as GPU kernels.</summary>
/// <remarks>
/// Three launches. Groups of threads go down tiles of channels and parts of the rows (<see cref="ColumnTile"/>) for the two sums of each
/// channel: one read of memory, in whole cache lines. A second, small launch adds up the parts and computes means and deviations from them.
/// The third reads the input again, four channels to a thread, and writes the output.
/// </remarks>
internal static class GpuBatchNormalization
{
    internal readonly record struct Forward<TActivation>(TActivation Activation, BatchNormalization.ForwardWork Work)
        : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ChannelArrays of = Work.Of;
            NormalizeFormula<TActivation> formula = new(Activation);
            ArrayView<TLane> x = ViewOf<TLane>(Work.X);
            ColumnTile tile = new(of.Rows, of.Count, 1), parts = new(tile.Parts, of.Count, 1, isWhole: true);
            using Scratch scratch = new(device, Work.X.DType, checked((tile.Parts * 2 * of.Count) + (ChannelSums.Parameters * of.Count)));
            ArrayView<TLane> memory = ViewOf<TLane>(scratch);
            ChannelSums.Run(device, formula, tile, x, x, memory);
            ForwardConstants<TLane> constants = new(
                TLane.Of(of.Rows), TLane.Of(Work.Epsilon), TLane.Of(Work.Running?.Momentum ?? 0), TLane.Of(of.Rows / (of.Rows - 1.0)),
                of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, Work.Running is null ? 0 : 1);
            device.Launcher(FinishForwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                parts.Config(1), parts, constants, memory, ViewOr<TLane>(of.Gamma, Work.X), ViewOr<TLane>(of.Beta, Work.X),
                ViewOf<TLane>(of.Mean),
                ViewOf<TLane>(of.Reciprocal), ViewOr<TLane>(Work.Running?.Mean, Work.X), ViewOr<TLane>(Work.Running?.Variance, Work.X));
            Elements(device, formula, of, x, x, memory, ViewOf<TLane>(Work.Y));
        }
    }

    internal readonly record struct Evaluate<TActivation>(TActivation Activation, BatchNormalization.EvaluateWork Work)
        : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ChannelArrays of = Work.Of;
            NormalizeFormula<TActivation> formula = new(Activation);
            ArrayView<TLane> x = ViewOf<TLane>(Work.X);
            using Scratch scratch = new(device, Work.X.DType, ChannelSums.Parameters * of.Count);
            ArrayView<TLane> memory = ViewOf<TLane>(scratch);
            Prepare(device, of, Work.X, memory);
            Elements(device, formula, of, x, x, memory, ViewOf<TLane>(Work.Y));
        }
    }

    internal readonly record struct Backward<TActivation>(TActivation Activation, BatchNormalization.BackwardWork Work)
        : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ChannelArrays of = Work.Of;
            NormalizeGradientFormula<TActivation> formula = new(Activation);
            ArrayView<TLane> x = ViewOf<TLane>(Work.X), g = ViewOf<TLane>(Work.G);
            ColumnTile tile = new(of.Rows, of.Count, 1), parts = new(tile.Parts, of.Count, 1, isWhole: true);
            using Scratch scratch = new(device, Work.X.DType, checked((tile.Parts * 2 * of.Count) + (ChannelSums.Parameters * of.Count)));
            ArrayView<TLane> memory = ViewOf<TLane>(scratch);
            Prepare(device, of, Work.X, memory);
            ChannelSums.Run(device, formula, tile, x, g, memory);
            device.Launcher(FinishBackwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                parts.Config(1), parts, TLane.Of(of.Rows), Work.OfBatch ? 1 : 0, memory, ViewOf<TLane>(of.Reciprocal),
                ViewOf<TLane>(Work.DGamma), ViewOf<TLane>(Work.DBeta));
            if (Work.Dx is { Length: > 0 }) Elements(device, formula, of, x, g, memory, ViewOf<TLane>(Work.Dx));
        }
    }

    /// <summary>A view of an array, or of another that is not read where there is none.</summary>
    private static ArrayView<TLane> ViewOr<TLane>(Storage? storage, Storage other)
        where TLane : unmanaged, ILane<TLane> => ViewOf<TLane>(storage ?? other);

    private static void Prepare<TLane>(GpuDevice device, in ChannelArrays of, Storage x, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
    {
        device.Launcher(PrepareKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            of.Count, of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x),
            ViewOf<TLane>(of.Mean), ViewOf<TLane>(of.Reciprocal));
    }

    private static void Elements<TLane, TFormula>(
        GpuDevice device, TFormula formula, in ChannelArrays of, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory,
        ArrayView<TLane> y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        bool isWide = of.Count % 4 == 0;
        Action<Index1D, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TFormula> kernel =
            isWide ? FourKernel : ElementKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            isWide ? of.Rows * (of.Count / 4) : of.Rows * of.Count, of.Count, a, b, memory, y, formula);
    }

    /// <summary>One thread sets mean, scale and shift of a channel.</summary>
    private static void PrepareKernel<TLane>(
        Index1D channel, int hasGamma, int hasBeta, ArrayView<TLane> memory, ArrayView<TLane> gamma, ArrayView<TLane> beta,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal)
        where TLane : unmanaged, ILane<TLane>
    {
        int channels = mean.IntLength;
        memory[channel] = mean[channel];
        memory[channel + channels] = (hasGamma != 0 ? gamma[channel] : TLane.Of(1)) * reciprocal[channel];
        memory[channel + (2 * channels)] = hasBeta != 0 ? beta[channel] : TLane.Of(0);
    }

    /// <summary>A group computes the statistics of four channels for each lane from the sums of their parts.</summary>
    private static void FinishForwardKernel<TLane>(
        ColumnTile tile, ForwardConstants<TLane> constants, ArrayView<TLane> memory, ArrayView<TLane> gamma, ArrayView<TLane> beta,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> runningMean, ArrayView<TLane> runningVariance)
        where TLane : unmanaged, ILane<TLane>
    {
        ChannelSums.Totals(tile, memory, out Four<TLane> sum, out Four<TLane> squares);
        if (!tile.IsFirst) return;
        for (int i = 0; i < 4 && tile.Column + i < tile.Columns; i++)
        {
            int channel = tile.Column + i;
            TLane own = i == 0 ? sum.X : i == 1 ? sum.Y : i == 2 ? sum.Z : sum.W,
                ownSquares = i == 0 ? squares.X : i == 1 ? squares.Y : i == 2 ? squares.Z : squares.W;
            TLane m = ChannelStatistics.Moments(memory[channel], own, ownSquares, constants.Rows, out TLane variance);
            TLane r = ChannelStatistics.ReciprocalDeviation(variance, constants.Epsilon);
            mean[channel] = m;
            reciprocal[channel] = r;
            memory[channel] = m;
            memory[channel + tile.Columns] = (constants.HasGamma != 0 ? gamma[channel] : TLane.Of(1)) * r;
            memory[channel + (2 * tile.Columns)] = constants.HasBeta != 0 ? beta[channel] : TLane.Of(0);
            if (constants.HasRunning == 0) continue;
            runningMean[channel] = ChannelStatistics.Running(runningMean[channel], m, constants.Momentum);
            runningVariance[channel] =
                ChannelStatistics.Running(runningVariance[channel], variance * constants.Unbiased, constants.Momentum);
        }
    }

    /// <summary>
    /// A group computes the gradients of gamma and beta of four channels for each lane, and what their statistics pass on to x.
    /// </summary>
    private static void FinishBackwardKernel<TLane>(
        ColumnTile tile, TLane rows, int ofBatch, ArrayView<TLane> memory, ArrayView<TLane> reciprocal, ArrayView<TLane> dGamma,
        ArrayView<TLane> dBeta)
        where TLane : unmanaged, ILane<TLane>
    {
        ChannelSums.Totals(tile, memory, out Four<TLane> sum, out Four<TLane> products);
        if (!tile.IsFirst) return;
        for (int i = 0; i < 4 && tile.Column + i < tile.Columns; i++)
        {
            int channel = tile.Column + i;
            TLane own = i == 0 ? sum.X : i == 1 ? sum.Y : i == 2 ? sum.Z : sum.W,
                ownProducts = i == 0 ? products.X : i == 1 ? products.Y : i == 2 ? products.Z : products.W;
            TLane r = reciprocal[channel];
            dBeta[channel] = own;
            dGamma[channel] = ownProducts * r;
            TLane slope = ChannelStatistics.Slope(memory[channel + tile.Columns], r, own, ownProducts, rows, out TLane offset);
            memory[channel + (3 * tile.Columns)] = ofBatch != 0 ? offset : TLane.Of(0);
            memory[channel + (4 * tile.Columns)] = ofBatch != 0 ? slope : TLane.Of(0);
        }
    }

    /// <summary>One thread computes four neighbouring outputs, where channels come in fours.</summary>
    private static void FourKernel<TLane, TFormula>(
        Index1D i, int channels, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> parameters, ArrayView<TLane> y, TFormula formula)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        int fours = channels >> 2, at = i % fours;
        ArrayView<Four<TLane>> of = parameters.Cast<Four<TLane>>();
        Four<TLane> u = a.Cast<Four<TLane>>()[i], v = TFormula.TakesTwo ? b.Cast<Four<TLane>>()[i] : u;
        Four<TLane> p0 = of[at], p1 = of[at + fours], p2 = of[at + (2 * fours)], p3 = TFormula.TakesFive ? of[at + (3 * fours)] : p0,
            p4 = TFormula.TakesFive ? of[at + (4 * fours)] : p0;
        y.Cast<Four<TLane>>()[i] = new(
            formula.Element(u.X, v.X, p0.X, p1.X, p2.X, p3.X, p4.X), formula.Element(u.Y, v.Y, p0.Y, p1.Y, p2.Y, p3.Y, p4.Y),
            formula.Element(u.Z, v.Z, p0.Z, p1.Z, p2.Z, p3.Z, p4.Z), formula.Element(u.W, v.W, p0.W, p1.W, p2.W, p3.W, p4.W));
    }

    /// <summary>One thread computes one output.</summary>
    private static void ElementKernel<TLane, TFormula>(
        Index1D i, int channels, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> parameters, ArrayView<TLane> y, TFormula formula)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        int channel = i % channels;
        TLane p0 = parameters[channel];
        y[i] = formula.Element(
            a[i], TFormula.TakesTwo ? b[i] : p0, p0, parameters[channel + channels], parameters[channel + (2 * channels)],
            TFormula.TakesFive ? parameters[channel + (3 * channels)] : p0, TFormula.TakesFive ? parameters[channel + (4 * channels)] : p0);
    }

    /// <summary>The constants of a forward pass; a flag of 0 means that the array is absent.</summary>
    internal readonly struct ForwardConstants<TLane>(
        TLane rows, TLane epsilon, TLane momentum, TLane unbiased, int hasGamma, int hasBeta, int hasRunning)
        where TLane : unmanaged
    {
        internal readonly TLane Rows = rows, Epsilon = epsilon, Momentum = momentum, Unbiased = unbiased;
        internal readonly int HasGamma = hasGamma, HasBeta = hasBeta, HasRunning = hasRunning;
    }
}
