using System.Runtime.CompilerServices;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Norms;

// Three launches. Groups of threads go down tiles of channels and parts of the rows (ColumnTile) for the two sums of each channel: one read
// of memory, in whole lines of the cache. A second, small one adds up the parts and makes a mean and a deviation of them. The third reads
// the input again, four channels to a thread, and writes the output.
public static partial class BatchNormalization
{
    private static void ForwardOnIlgpu<TFormula>(
        GpuDevice device, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) ForwardOnIlgpu<FloatScalar, TFormula>(device, formula, of, x, epsilon, running, y);
        else ForwardOnIlgpu<DoubleScalar, TFormula>(device, formula, of, x, epsilon, running, y);
    }

    private static void ForwardOnIlgpu<TLane, TFormula>(
        GpuDevice device, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> from = GpuStorage.ViewOf<TLane>(x);
        ColumnTile tile = new(of.Rows, of.Count, 1), parts = new(tile.Parts, of.Count, 1, isWhole: true);
        Storage scratch = device.Allocate(x.DType, checked((tile.Parts * 2 * of.Count) + (Parameters * of.Count)));
        try
        {
            ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
            Sum<TLane, TFormula>(device, formula, tile, from, from, memory);
            Action<ColumnTile, ForwardNumbers<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>>
                finish = FinishForwardKernel;
            ForwardNumbers<TLane> numbers = new(
                TLane.Of(of.Rows), TLane.Of(epsilon), TLane.Of(running?.Momentum ?? 0), TLane.Of(of.Rows / (of.Rows - 1.0)),
                of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, running is null ? 0 : 1);
            device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                parts.Config(1), parts, numbers, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x),
                GpuStorage.ViewOf<TLane>(of.Mean),
                GpuStorage.ViewOf<TLane>(of.Reciprocal), ViewOr<TLane>(running?.Mean, x), ViewOr<TLane>(running?.Variance, x));
            Elements<TLane, TFormula>(device, formula, of, from, from, memory, GpuStorage.ViewOf<TLane>(y));
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void EvaluateOnIlgpu<TFormula>(GpuDevice device, TFormula formula, in Channels of, Storage x, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) EvaluateOnIlgpu<FloatScalar, TFormula>(device, formula, of, x, y);
        else EvaluateOnIlgpu<DoubleScalar, TFormula>(device, formula, of, x, y);
    }

    private static void EvaluateOnIlgpu<TLane, TFormula>(GpuDevice device, TFormula formula, in Channels of, Storage x, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> from = GpuStorage.ViewOf<TLane>(x);
        Storage scratch = device.Allocate(x.DType, Parameters * of.Count);
        try
        {
            ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
            Prepare(device, of, x, memory);
            Elements<TLane, TFormula>(device, formula, of, from, from, memory, GpuStorage.ViewOf<TLane>(y));
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void BackwardOnIlgpu<TFormula>(
        GpuDevice device, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta,
        Storage? dx)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) BackwardOnIlgpu<FloatScalar, TFormula>(device, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
        else BackwardOnIlgpu<DoubleScalar, TFormula>(device, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
    }

    private static void BackwardOnIlgpu<TLane, TFormula>(
        GpuDevice device, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta,
        Storage? dx)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> a = GpuStorage.ViewOf<TLane>(x), b = GpuStorage.ViewOf<TLane>(g);
        ColumnTile tile = new(of.Rows, of.Count, 1), parts = new(tile.Parts, of.Count, 1, isWhole: true);
        Storage scratch = device.Allocate(x.DType, checked((tile.Parts * 2 * of.Count) + (Parameters * of.Count)));
        try
        {
            ArrayView<TLane> memory = GpuStorage.ViewOf<TLane>(scratch);
            Prepare(device, of, x, memory);
            Sum<TLane, TFormula>(device, formula, tile, a, b, memory);
            Action<ColumnTile, TLane, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> finish =
                FinishBackwardKernel;
            device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                parts.Config(1), parts, TLane.Of(of.Rows), ofBatch ? 1 : 0, memory, GpuStorage.ViewOf<TLane>(of.Reciprocal),
                GpuStorage.ViewOf<TLane>(dGamma), GpuStorage.ViewOf<TLane>(dBeta));
            if (dx is { Length: > 0 }) Elements<TLane, TFormula>(device, formula, of, a, b, memory, GpuStorage.ViewOf<TLane>(dx));
        }
        finally
        {
            scratch.Release();
        }
    }

    /// <summary>The array, or another in its place that is not read.</summary>
    private static ArrayView<TLane> ViewOr<TLane>(Storage? storage, Storage other)
        where TLane : unmanaged, ILane<TLane> => GpuStorage.ViewOf<TLane>(storage ?? other);

    private static void Prepare<TLane>(GpuDevice device, in Channels of, Storage x, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel =
            PrepareKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            of.Count, of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x),
            GpuStorage.ViewOf<TLane>(of.Mean), GpuStorage.ViewOf<TLane>(of.Reciprocal));
    }

    private static void Sum<TLane, TFormula>(
        GpuDevice device, TFormula formula, in ColumnTile tile, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        Action<ColumnTile, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TFormula> kernel = SumKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            tile.Config(1), tile, a, b, memory, formula);
    }

    private static void Elements<TLane, TFormula>(
        GpuDevice device, TFormula formula, in Channels of, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory,
        ArrayView<TLane> y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        bool isWide = of.Count % 4 == 0;
        Action<Index1D, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TFormula> kernel = isWide ? FourKernel
            : ElementKernel;
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

    /// <summary>
    /// A group adds up four channels for each lane over a part of the rows. The pivot of a forward pass, an average over some rows that are
    /// spread over all of them, every group finds for itself.
    /// </summary>
    private static void SumKernel<TLane, TFormula>(
        ColumnTile tile, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory, TFormula formula)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        int channel = tile.Column, left = tile.Columns - channel, step = tile.RowStep, end = tile.EndRow, row = tile.FirstRow;
        TLane zero = TLane.Of(0);
        Four<TLane> p0, p1, p2;
        if (TFormula.TakesTwo)
        {
            p0 = Fours.Load(memory, channel, left, tile.IsWide, zero);
            p1 = Fours.Load(memory, channel + tile.Columns, left, tile.IsWide, zero);
            p2 = Fours.Load(memory, channel + (2 * tile.Columns), left, tile.IsWide, zero);
        }
        else
        {
            p0 = p1 = p2 = Pivot(tile, a, channel, left);
            if (tile.Part == 0 && tile.IsFirst) Fours.Store(memory, channel, left, tile.IsWide, p0);
        }

        Four<TLane> first = Fours.Of(zero), second = first, otherFirst = first, otherSecond = first;
        for (; row + step < end; row += 2 * step)
        {
            int at = (row * tile.Columns) + channel, next = at + (step * tile.Columns);
            Four<TLane> x = Fours.Load(a, at, left, tile.IsWide, zero), z = Fours.Load(a, next, left, tile.IsWide, zero);
            Four<TLane> y = TFormula.TakesTwo ? Fours.Load(b, at, left, tile.IsWide, zero) : p0,
                w = TFormula.TakesTwo ? Fours.Load(b, next, left, tile.IsWide, zero) : p0;
            Add(formula, x, y, p0, p1, p2, ref first, ref second);
            Add(formula, z, w, p0, p1, p2, ref otherFirst, ref otherSecond);
        }

        if (row < end)
        {
            int at = (row * tile.Columns) + channel;
            Add(formula, Fours.Load(a, at, left, tile.IsWide, zero), TFormula.TakesTwo ? Fours.Load(b, at, left, tile.IsWide, zero) : p0,
                p0, p1, p2, ref first, ref second);
        }

        first = tile.Total(ColumnTile.Combine(default(SumReduction), first, otherFirst), default(SumReduction));
        second = tile.Total(ColumnTile.Combine(default(SumReduction), second, otherSecond), default(SumReduction));
        if (!tile.IsFirst) return;
        int to = ((Parameters + (2 * tile.Part)) * tile.Columns) + channel;
        Fours.Store(memory, to, left, tile.IsWide, first);
        Fours.Store(memory, to + tile.Columns, left, tile.IsWide, second);
    }

    // All threads of the group have to call this.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> Pivot<TLane>(ColumnTile tile, ArrayView<TLane> x, int channel, int left)
        where TLane : unmanaged, ILane<TLane>
    {
        int count = IntrinsicMath.Min(PivotRows, tile.Rows), apart = tile.Rows / count;
        TLane zero = TLane.Of(0), n = TLane.Of(count);
        Four<TLane> sum = Fours.Of(zero);
        for (int i = Group.IdxX / tile.Lanes; i < count; i += tile.RowStep)
        {
            Four<TLane> four = Fours.Load(x, (i * apart * tile.Columns) + channel, left, tile.IsWide, zero);
            sum = new(sum.X + (four.X / n), sum.Y + (four.Y / n), sum.Z + (four.Z / n), sum.W + (four.W / n));
        }

        return tile.Total(sum, default(SumReduction));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLane, TFormula>(
        TFormula formula, Four<TLane> a, Four<TLane> b, Four<TLane> p0, Four<TLane> p1, Four<TLane> p2, ref Four<TLane> first,
        ref Four<TLane> second)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        TLane x = first.X, y = first.Y, z = first.Z, w = first.W, x2 = second.X, y2 = second.Y, z2 = second.Z, w2 = second.W;
        formula.Add(a.X, b.X, p0.X, p1.X, p2.X, ref x, ref x2);
        formula.Add(a.Y, b.Y, p0.Y, p1.Y, p2.Y, ref y, ref y2);
        formula.Add(a.Z, b.Z, p0.Z, p1.Z, p2.Z, ref z, ref z2);
        formula.Add(a.W, b.W, p0.W, p1.W, p2.W, ref w, ref w2);
        first = new(x, y, z, w);
        second = new(x2, y2, z2, w2);
    }

    /// <summary>The totals of the parts of four channels for each lane; all threads of the group have to call this.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Totals<TLane>(ColumnTile tile, ArrayView<TLane> memory, out Four<TLane> first, out Four<TLane> second)
        where TLane : unmanaged, ILane<TLane>
    {
        int left = tile.Columns - tile.Column;
        TLane zero = TLane.Of(0);
        Four<TLane> one = Fours.Of(zero), two = one;
        for (int part = tile.FirstRow; part < tile.EndRow; part += tile.RowStep)
        {
            int from = ((Parameters + (2 * part)) * tile.Columns) + tile.Column;
            one = ColumnTile.Combine(default(SumReduction), one, Fours.Load(memory, from, left, tile.IsWide, zero));
            two = ColumnTile.Combine(default(SumReduction), two, Fours.Load(memory, from + tile.Columns, left, tile.IsWide, zero));
        }

        first = tile.Total(one, default(SumReduction));
        second = tile.Total(two, default(SumReduction));
    }

    /// <summary>A group computes the statistics of four channels for each lane from the sums of their parts.</summary>
    private static void FinishForwardKernel<TLane>(
        ColumnTile tile, ForwardNumbers<TLane> numbers, ArrayView<TLane> memory, ArrayView<TLane> gamma, ArrayView<TLane> beta,
        ArrayView<TLane> mean,
        ArrayView<TLane> reciprocal, ArrayView<TLane> runningMean, ArrayView<TLane> runningVariance)
        where TLane : unmanaged, ILane<TLane>
    {
        Totals(tile, memory, out Four<TLane> sum, out Four<TLane> squares);
        if (!tile.IsFirst) return;
        for (int i = 0; i < 4 && tile.Column + i < tile.Columns; i++)
        {
            int channel = tile.Column + i;
            TLane own = i == 0 ? sum.X : i == 1 ? sum.Y : i == 2 ? sum.Z : sum.W,
                ownSquares = i == 0 ? squares.X : i == 1 ? squares.Y : i == 2 ? squares.Z : squares.W;
            TLane m = ChannelStatistics.Moments(memory[channel], own, ownSquares, numbers.Rows, out TLane variance);
            TLane r = ChannelStatistics.ReciprocalDeviation(variance, numbers.Epsilon);
            mean[channel] = m;
            reciprocal[channel] = r;
            memory[channel] = m;
            memory[channel + tile.Columns] = (numbers.HasGamma != 0 ? gamma[channel] : TLane.Of(1)) * r;
            memory[channel + (2 * tile.Columns)] = numbers.HasBeta != 0 ? beta[channel] : TLane.Of(0);
            if (numbers.HasRunning == 0) continue;
            runningMean[channel] = ChannelStatistics.Running(runningMean[channel], m, numbers.Momentum);
            runningVariance[channel] = ChannelStatistics.Running(runningVariance[channel], variance * numbers.Unbiased, numbers.Momentum);
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
        Totals(tile, memory, out Four<TLane> sum, out Four<TLane> products);
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

    /// <summary>The parameters of a channel, which come first in scratch memory; the sums of the parts follow.</summary>
    private const int Parameters = 5;

    /// <summary>The numbers of a forward pass; what is 0 is not there.</summary>
    internal readonly struct ForwardNumbers<TLane>(
        TLane rows, TLane epsilon, TLane momentum, TLane unbiased, int hasGamma, int hasBeta, int hasRunning)
        where TLane : unmanaged
    {
        internal readonly TLane Rows = rows, Epsilon = epsilon, Momentum = momentum, Unbiased = unbiased;
        internal readonly int HasGamma = hasGamma, HasBeta = hasBeta, HasRunning = hasRunning;
    }
}
