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
                of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, Work.Running is null ? 0 : 1,
                ChannelStatistics.HasResiduals(of.Mean, of.Count) ? 1 : 0);
            device.Launcher(FinishForwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                parts.Config(1), parts, constants, x, memory, ViewOr<TLane>(of.Gamma, Work.X), ViewOr<TLane>(of.Beta, Work.X),
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
            Prepare(device, of, Work.X, memory, isScaled: false);
            Elements(device, formula, of, x, x, memory, ViewOf<TLane>(Work.Y));
        }
    }

    internal readonly record struct Backward<TActivation>(TActivation Activation, BatchNormalization.BackwardWork Work)
        : IScalarWork
        where TActivation : unmanaged, IFoldedActivation
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            if (Work.OfBatch) Passes<TLane, ScaledGradientFormula<TActivation>>(device, new(Activation));
            else Passes<TLane, GivenStatisticsGradientFormula<TActivation>>(device, new(Activation));
        }

        private void Passes<TLane, TFormula>(GpuDevice device, TFormula formula)
            where TLane : unmanaged, IScalarLane<TLane>
            where TFormula : unmanaged, IChannelFormula
        {
            ChannelArrays of = Work.Of;
            ArrayView<TLane> x = ViewOf<TLane>(Work.X), g = ViewOf<TLane>(Work.G);
            ColumnTile tile = new(of.Rows, of.Count, 1), parts = new(tile.Parts, of.Count, 1, isWhole: true);
            using Scratch scratch = new(device, Work.X.DType, checked((tile.Parts * 2 * of.Count) + (ChannelSums.Parameters * of.Count)));
            ArrayView<TLane> memory = ViewOf<TLane>(scratch);
            Prepare(device, of, Work.X, memory, isScaled: true);
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

    private static void Prepare<TLane>(GpuDevice device, in ChannelArrays of, Storage x, ArrayView<TLane> memory, bool isScaled)
        where TLane : unmanaged, ILane<TLane>
    {
        device.Launcher(PrepareKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            of.Count, of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1,
            ChannelStatistics.HasResiduals(of.Mean, of.Count) ? 1 : 0, isScaled ? 1 : 0, memory, ViewOr<TLane>(of.Gamma, x),
            ViewOr<TLane>(of.Beta, x),
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

    /// <summary>One thread sets mean, scale and shift of a channel, and what the mean was rounded by.</summary>
    private static void PrepareKernel<TLane>(
        Index1D channel, int hasGamma, int hasBeta, int hasResiduals, int isScaled, ArrayView<TLane> memory, ArrayView<TLane> gamma,
        ArrayView<TLane> beta,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal)
        where TLane : unmanaged, ILane<TLane>
    {
        int channels = reciprocal.IntLength;
        TLane r = reciprocal[channel], power = TLane.Of(1), inverse = power;
        if (isScaled != 0) power = ChannelStatistics.ScaleOf(r, out inverse);
        TLane scale = (hasGamma != 0 ? gamma[channel] : TLane.Of(1)) * (r * inverse);
        TLane residual = hasResiduals != 0 ? mean[channel + channels] * power : TLane.Of(0);
        memory[channel] = mean[channel] * power;
        memory[channel + channels] = scale;
        memory[channel + (2 * channels)] = TLane.MulAdd(-residual, scale, hasBeta != 0 ? beta[channel] : TLane.Of(0));
        memory[channel + (3 * channels)] = residual;
        memory[channel + (5 * channels)] = power;
    }

    /// <summary>A group computes the statistics of four channels for each lane from the sums of their parts.</summary>
    private static void FinishForwardKernel<TLane>(
        ColumnTile tile, ForwardConstants<TLane> constants, ArrayView<TLane> x, ArrayView<TLane> memory, ArrayView<TLane> gamma,
        ArrayView<TLane> beta,
        ArrayView<TLane> mean, ArrayView<TLane> reciprocal, ArrayView<TLane> runningMean, ArrayView<TLane> runningVariance)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        ChannelSums.Totals(tile, memory, out Four<TLane> sum, out Four<TLane> squares);
        if (!tile.IsFirst) return;
        TLane largest = TLane.Of(TLane.IsDouble ? double.MaxValue : float.MaxValue);
        for (int i = 0; i < 4 && tile.Column + i < tile.Columns; i++)
        {
            int channel = tile.Column + i;
            TLane own = i == 0 ? sum.X : i == 1 ? sum.Y : i == 2 ? sum.Z : sum.W,
                ownSquares = i == 0 ? squares.X : i == 1 ? squares.Y : i == 2 ? squares.Z : squares.W;
            TLane pivot = memory[channel];
            TLane m = ChannelStatistics.Moments(pivot, own, ownSquares, constants.Rows, out TLane variance);
            TLane residual = ChannelStatistics.Residual(pivot, own / constants.Rows, m);
            TLane r = ChannelStatistics.ReciprocalDeviation(variance, constants.Epsilon), center = m, left = residual;
            if (!TLane.IsLess(variance, TLane.Of(double.PositiveInfinity)))
            {
                TLane most = Extreme(x, channel, tile.Columns, constants, out m, out residual, out variance, out r);

                // Where x - mean overflows, all of the mean is taken away after the multiplication instead.
                bool isBeyondRange = !TLane.IsLess(most, TLane.Of(double.PositiveInfinity));
                center = isBeyondRange ? TLane.Of(0) : m;
                left = isBeyondRange ? m : residual;
            }

            TLane scale = (constants.HasGamma != 0 ? gamma[channel] : TLane.Of(1)) * r;
            mean[channel] = m;
            if (constants.HasResiduals != 0) mean[channel + tile.Columns] = residual;
            reciprocal[channel] = r;
            memory[channel] = center;
            memory[channel + tile.Columns] = scale;
            memory[channel + (2 * tile.Columns)] = TLane.MulAdd(-left, scale, constants.HasBeta != 0 ? beta[channel] : TLane.Of(0));
            if (constants.HasRunning == 0) continue;
            runningMean[channel] = ChannelStatistics.Running(runningMean[channel], m, constants.Momentum);
            runningVariance[channel] =
                ChannelStatistics.Running(
                    runningVariance[channel], TLane.Min(largest, variance * constants.Unbiased), constants.Momentum);
        }
    }

    /// <summary>
    /// The statistics of a channel of which a sum has overflowed, by one thread in small values; returns the largest distance from the
    /// mean, which may be infinite.
    /// </summary>
    private static TLane Extreme<TLane>(
        ArrayView<TLane> x, int channel, int channels, ForwardConstants<TLane> constants, out TLane mean, out TLane residual,
        out TLane variance, out TLane reciprocal)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane scale = ReductionScale.Small<TLane>(), large = ReductionScale.Large<TLane>(), zero = TLane.Of(0);
        TLane sum = zero, squares = zero, most = zero;
        for (int at = channel; at < x.IntLength; at += channels) sum += x[at] * scale;
        TLane center = sum / constants.Rows;
        sum = zero;
        for (int at = channel; at < x.IntLength; at += channels)
        {
            TLane d = (x[at] * scale) - center;
            sum += d;
            squares += d * d;
            most = TLane.Max(most, TLane.Abs(d));
        }

        TLane distance = sum / constants.Rows, small = TLane.Max((squares / constants.Rows) - (distance * distance), zero);
        TLane largest = TLane.Of(TLane.IsDouble ? double.MaxValue : float.MaxValue);
        mean = center * large;
        residual = distance * large;
        variance = TLane.Min(largest, small * large * large);
        reciprocal = ChannelStatistics.ReciprocalDeviation(small, ChannelStatistics.ScaledEpsilon(constants.Epsilon, scale)) * scale;
        return most * large;
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
            _ = ChannelStatistics.ScaleOf(reciprocal[channel], out TLane inverse);
            TLane r = reciprocal[channel] * inverse, residual = memory[channel + (3 * tile.Columns)];
            ownProducts -= residual * own;
            dBeta[channel] = own;
            dGamma[channel] = ownProducts * r;
            TLane slope = ChannelStatistics.Slope(memory[channel + tile.Columns], r, own, ownProducts, rows, out TLane offset);
            memory[channel + (3 * tile.Columns)] = ofBatch != 0 ? offset - (residual * slope) : TLane.Of(0);
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
            p4 = TFormula.TakesFive ? of[at + (4 * fours)] : p0, p5 = TFormula.TakesScale ? of[at + (5 * fours)] : p0;
        y.Cast<Four<TLane>>()[i] = new(
            formula.Element(u.X, v.X, p0.X, p1.X, p2.X, p3.X, p4.X, p5.X), formula.Element(u.Y, v.Y, p0.Y, p1.Y, p2.Y, p3.Y, p4.Y, p5.Y),
            formula.Element(u.Z, v.Z, p0.Z, p1.Z, p2.Z, p3.Z, p4.Z, p5.Z), formula.Element(u.W, v.W, p0.W, p1.W, p2.W, p3.W, p4.W, p5.W));
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
            TFormula.TakesFive ? parameters[channel + (3 * channels)] : p0, TFormula.TakesFive ? parameters[channel + (4 * channels)] : p0,
            TFormula.TakesScale ? parameters[channel + (5 * channels)] : p0);
    }

    /// <summary>The constants of a forward pass; a flag of 0 means that the array is absent.</summary>
    internal readonly struct ForwardConstants<TLane>(
        TLane rows, TLane epsilon, TLane momentum, TLane unbiased, int hasGamma, int hasBeta, int hasRunning, int hasResiduals)
        where TLane : unmanaged
    {
        internal readonly TLane Rows = rows, Epsilon = epsilon, Momentum = momentum, Unbiased = unbiased;
        internal readonly int HasGamma = hasGamma, HasBeta = hasBeta, HasRunning = hasRunning, HasResiduals = hasResiduals;
    }
}
