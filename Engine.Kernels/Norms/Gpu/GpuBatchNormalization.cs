using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Norms.Gpu;

/// <summary>Batch normalisation as GPU kernels.</summary>
/// <remarks>
/// Three launches. Groups of threads go down tiles of channels and parts of the rows (<see cref="ColumnTile"/>) for the two sums of each
/// channel: one read of memory, in whole cache lines. A second, small launch adds up the parts and computes means and deviations from them.
/// The third reads the input again, four channels to a thread, and writes the output.
/// </remarks>
internal static class GpuBatchNormalization
{
    internal static void Forward<TFormula>(
        GpuDevice device, TFormula formula, in ChannelArrays of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TFormula : unmanaged, IChannelFormula =>
        LaneDispatch.OnGpu(x.DType, new ForwardPass<TFormula>(device, formula, of, x, epsilon, running, y));

    internal static void Evaluate<TFormula>(GpuDevice device, TFormula formula, in ChannelArrays of, Storage x, Storage y)
        where TFormula : unmanaged, IChannelFormula =>
        LaneDispatch.OnGpu(x.DType, new EvaluatePass<TFormula>(device, formula, of, x, y));

    internal static void Backward<TFormula>(
        GpuDevice device, TFormula formula, in ChannelArrays of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta,
        Storage? dx)
        where TFormula : unmanaged, IChannelFormula =>
        LaneDispatch.OnGpu(x.DType, new BackwardPass<TFormula>(device, formula, of, g, x, ofBatch, dGamma, dBeta, dx));

    private readonly record struct ForwardPass<TFormula>(
        GpuDevice Device, TFormula Formula, ChannelArrays Of, Storage X, double Epsilon, RunningStatistics? Running, Storage Y)
            : IScalarWork
        where TFormula : unmanaged, IChannelFormula
    {
        public void Run<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            ArrayView<TLane> x = GpuStorage.ViewOf<TLane>(X);
            ColumnTile tile = new(Of.Rows, Of.Count, 1), parts = new(tile.Parts, Of.Count, 1, isWhole: true);
            Storage scratch = Device.Allocate(X.DType, checked((tile.Parts * 2 * Of.Count) + (ChannelSums.Parameters * Of.Count)));
            try
            {
                ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
                ChannelSums.Run<TLane, TFormula>(Device, Formula, tile, x, x, memory);
                Action<ColumnTile, ForwardConstants<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                    ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> finish = FinishForwardKernel;
                ForwardConstants<TLane> constants = new(
                    TLane.Of(Of.Rows), TLane.Of(Epsilon), TLane.Of(Running?.Momentum ?? 0), TLane.Of(Of.Rows / (Of.Rows - 1.0)),
                    Of.Gamma is null ? 0 : 1, Of.Beta is null ? 0 : 1, Running is null ? 0 : 1);
                Device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    parts.Config(1), parts, constants, memory, ViewOr<TLane>(Of.Gamma, X), ViewOr<TLane>(Of.Beta, X),
                    GpuStorage.ViewOf<TLane>(Of.Mean), GpuStorage.ViewOf<TLane>(Of.Reciprocal), ViewOr<TLane>(Running?.Mean, X),
                    ViewOr<TLane>(Running?.Variance, X));
                Elements<TLane, TFormula>(Device, Formula, Of, x, x, memory, GpuStorage.ViewOf<TLane>(Y));
            }
            finally
            {
                scratch.Release();
            }
        }
    }

    private readonly record struct EvaluatePass<TFormula>(
        GpuDevice Device, TFormula Formula, ChannelArrays Of, Storage X, Storage Y) : IScalarWork
        where TFormula : unmanaged, IChannelFormula
    {
        public void Run<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            ArrayView<TLane> x = GpuStorage.ViewOf<TLane>(X);
            Storage scratch = Device.Allocate(X.DType, ChannelSums.Parameters * Of.Count);
            try
            {
                ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
                Prepare(Device, Of, X, memory);
                Elements<TLane, TFormula>(Device, Formula, Of, x, x, memory, GpuStorage.ViewOf<TLane>(Y));
            }
            finally
            {
                scratch.Release();
            }
        }
    }

    private readonly record struct BackwardPass<TFormula>(
        GpuDevice Device, TFormula Formula, ChannelArrays Of, Storage G, Storage X, bool OfBatch, Storage DGamma, Storage DBeta,
        Storage? Dx)
        : IScalarWork
        where TFormula : unmanaged, IChannelFormula
    {
        public void Run<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            ArrayView<TLane> x = GpuStorage.ViewOf<TLane>(X), g = GpuStorage.ViewOf<TLane>(G);
            ColumnTile tile = new(Of.Rows, Of.Count, 1), parts = new(tile.Parts, Of.Count, 1, isWhole: true);
            Storage scratch = Device.Allocate(X.DType, checked((tile.Parts * 2 * Of.Count) + (ChannelSums.Parameters * Of.Count)));
            try
            {
                ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
                Prepare(Device, Of, X, memory);
                ChannelSums.Run<TLane, TFormula>(Device, Formula, tile, x, g, memory);
                Action<ColumnTile, TLane, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> finish =
                    FinishBackwardKernel;
                Device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    parts.Config(1), parts, TLane.Of(Of.Rows), OfBatch ? 1 : 0, memory, GpuStorage.ViewOf<TLane>(Of.Reciprocal),
                    GpuStorage.ViewOf<TLane>(DGamma), GpuStorage.ViewOf<TLane>(DBeta));
                if (Dx is { Length: > 0 }) Elements<TLane, TFormula>(Device, Formula, Of, x, g, memory, GpuStorage.ViewOf<TLane>(Dx));
            }
            finally
            {
                scratch.Release();
            }
        }
    }

    /// <summary>A view of an array, or of another that is not read where there is none.</summary>
    private static ArrayView<TLane> ViewOr<TLane>(Storage? storage, Storage other)
        where TLane : unmanaged, ILane<TLane> => GpuStorage.ViewOf<TLane>(storage ?? other);

    private static void Prepare<TLane>(GpuDevice device, in ChannelArrays of, Storage x, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel =
            PrepareKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            of.Count, of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x),
            GpuStorage.ViewOf<TLane>(of.Mean), GpuStorage.ViewOf<TLane>(of.Reciprocal));
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
