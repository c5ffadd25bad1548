using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class BatchNormalization
{
    /// <summary>Threads that keep a card busy: so many parts of channels are summed side by side where there are rows enough.</summary>
    private const int BusyThreads = 32768;

    /// <summary>The least rows of a part, and how many are added up before their sums are added to each other.</summary>
    private const int BlockRows = 64;

    private static void ForwardOnIlgpu<TFormula>(IlgpuDevice device, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) ForwardOnIlgpu<FloatScalar, TFormula>(device, formula, of, x, epsilon, running, y);
        else ForwardOnIlgpu<DoubleScalar, TFormula>(device, formula, of, x, epsilon, running, y);
    }

    private static void ForwardOnIlgpu<TLane, TFormula>(
        IlgpuDevice device, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> from = IlgpuStorage.ViewOf<TLane>(x);
        Walk walk = new(of.Rows, of.Count);
        Storage scratch = device.Allocate(x.DType, checked((walk.Parts * 2 * of.Count) + (Parameters * of.Count)));
        try
        {
            ArrayView<TLane> memory = IlgpuStorage.ViewOf<TLane>(scratch);
            Action<Index1D, Walk, ArrayView<TLane>, ArrayView<TLane>> pivot = PivotKernel;
            device.Launcher(pivot, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(of.Count, walk, from, memory);
            Sum<TLane, TFormula>(device, formula, walk, from, from, memory);
            Action<Index1D, Walk, ForwardNumbers<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>>
                finish = FinishForwardKernel;
            ForwardNumbers<TLane> numbers = new(
                TLane.Of(epsilon), TLane.Of(running?.Momentum ?? 0), TLane.Of(of.Rows / (of.Rows - 1.0)), of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, running is null ? 0 : 1);
            device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                of.Count, walk, numbers, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x), IlgpuStorage.ViewOf<TLane>(of.Mean),
                IlgpuStorage.ViewOf<TLane>(of.Reciprocal), ViewOr<TLane>(running?.Mean, x), ViewOr<TLane>(running?.Variance, x));
            Elements<TLane, TFormula>(device, formula, walk, from, from, memory, IlgpuStorage.ViewOf<TLane>(y));
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void EvaluateOnIlgpu<TFormula>(IlgpuDevice device, TFormula formula, in Channels of, Storage x, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) EvaluateOnIlgpu<FloatScalar, TFormula>(device, formula, of, x, y);
        else EvaluateOnIlgpu<DoubleScalar, TFormula>(device, formula, of, x, y);
    }

    private static void EvaluateOnIlgpu<TLane, TFormula>(IlgpuDevice device, TFormula formula, in Channels of, Storage x, Storage y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> from = IlgpuStorage.ViewOf<TLane>(x);
        Walk walk = new(of.Rows, of.Count);
        Storage scratch = device.Allocate(x.DType, Parameters * of.Count);
        try
        {
            ArrayView<TLane> memory = IlgpuStorage.ViewOf<TLane>(scratch);
            Prepare(device, of, walk, x, memory);
            Elements<TLane, TFormula>(device, formula, walk, from, from, memory, IlgpuStorage.ViewOf<TLane>(y));
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void BackwardOnIlgpu<TFormula>(
        IlgpuDevice device, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta, Storage? dx)
        where TFormula : unmanaged, IChannelFormula
    {
        if (x.DType == DType.Float32) BackwardOnIlgpu<FloatScalar, TFormula>(device, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
        else BackwardOnIlgpu<DoubleScalar, TFormula>(device, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
    }

    private static void BackwardOnIlgpu<TLane, TFormula>(
        IlgpuDevice device, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta, Storage? dx)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        ArrayView<TLane> a = IlgpuStorage.ViewOf<TLane>(x), b = IlgpuStorage.ViewOf<TLane>(g);
        Walk walk = new(of.Rows, of.Count);
        Storage scratch = device.Allocate(x.DType, checked((walk.Parts * 2 * of.Count) + (Parameters * of.Count)));
        try
        {
            ArrayView<TLane> memory = IlgpuStorage.ViewOf<TLane>(scratch);
            Prepare(device, of, walk, x, memory);
            Sum<TLane, TFormula>(device, formula, walk, a, b, memory);
            Action<Index1D, Walk, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> finish = FinishBackwardKernel;
            device.Launcher(finish, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                of.Count, walk, ofBatch ? 1 : 0, memory, IlgpuStorage.ViewOf<TLane>(of.Reciprocal), IlgpuStorage.ViewOf<TLane>(dGamma), IlgpuStorage.ViewOf<TLane>(dBeta));
            if (dx is { Length: > 0 }) Elements<TLane, TFormula>(device, formula, walk, a, b, memory, IlgpuStorage.ViewOf<TLane>(dx));
        }
        finally
        {
            scratch.Release();
        }
    }

    /// <summary>The array, or another in its place that is not read.</summary>
    private static ArrayView<TLane> ViewOr<TLane>(Storage? storage, Storage other) where TLane : unmanaged, ILane<TLane> => IlgpuStorage.ViewOf<TLane>(storage ?? other);

    private static void Prepare<TLane>(IlgpuDevice device, in Channels of, Walk walk, Storage x, ArrayView<TLane> memory) where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, Walk, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = PrepareKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            of.Count, walk, of.Gamma is null ? 0 : 1, of.Beta is null ? 0 : 1, memory, ViewOr<TLane>(of.Gamma, x), ViewOr<TLane>(of.Beta, x),
            IlgpuStorage.ViewOf<TLane>(of.Mean), IlgpuStorage.ViewOf<TLane>(of.Reciprocal));
    }

    private static void Sum<TLane, TFormula>(IlgpuDevice device, TFormula formula, Walk walk, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        Action<Index1D, Walk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TFormula> kernel = SumKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(walk.Parts * walk.Channels, walk, a, b, memory, formula);
    }

    private static void Elements<TLane, TFormula>(
        IlgpuDevice device, TFormula formula, Walk walk, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory, ArrayView<TLane> y)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        Action<Index1D, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TFormula> kernel = ElementKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(walk.Rows * walk.Channels, walk.Channels, a, b, memory, y, formula);
    }

    /// <summary>One thread averages a channel over some rows that are spread over all of them.</summary>
    private static void PivotKernel<TLane>(Index1D channel, Walk walk, ArrayView<TLane> x, ArrayView<TLane> memory) where TLane : unmanaged, ILane<TLane>
    {
        int count = IntrinsicMath.Min(PivotRows, walk.Rows);
        TLane sum = TLane.Of(0);
        for (int i = 0; i < count; i++) sum += x[((int)((long)i * walk.Rows / count) * walk.Channels) + channel] / TLane.Of(count);
        memory[channel] = sum;
    }

    /// <summary>One thread sets mean, scale and shift of a channel.</summary>
    private static void PrepareKernel<TLane>(
        Index1D channel, Walk walk, int hasGamma, int hasBeta, ArrayView<TLane> memory, ArrayView<TLane> gamma, ArrayView<TLane> beta, ArrayView<TLane> mean, ArrayView<TLane> reciprocal)
        where TLane : unmanaged, ILane<TLane>
    {
        memory[channel] = mean[channel];
        memory[channel + walk.Channels] = (hasGamma != 0 ? gamma[channel] : TLane.Of(1)) * reciprocal[channel];
        memory[channel + (2 * walk.Channels)] = hasBeta != 0 ? beta[channel] : TLane.Of(0);
    }

    /// <summary>One thread adds up one part of a channel: neighbouring threads read neighbouring elements.</summary>
    private static void SumKernel<TLane, TFormula>(Index1D i, Walk walk, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> memory, TFormula formula)
        where TLane : unmanaged, ILane<TLane>
        where TFormula : unmanaged, IChannelFormula
    {
        int channel = i % walk.Channels;
        int part = i / walk.Channels;
        TLane p0 = memory[channel];
        TLane p1 = TFormula.TakesTwo ? memory[channel + walk.Channels] : p0;
        TLane p2 = TFormula.TakesTwo ? memory[channel + (2 * walk.Channels)] : p0;
        TLane first = TLane.Of(0), second = TLane.Of(0);
        int end = IntrinsicMath.Min(walk.Rows, (part + 1) * walk.RowsInPart);
        for (int block = part * walk.RowsInPart; block < end; block += BlockRows)
        {
            TLane blockFirst = TLane.Of(0), blockSecond = TLane.Of(0);
            int blockEnd = IntrinsicMath.Min(end, block + BlockRows);
            for (int row = block; row < blockEnd; row++)
            {
                int at = (row * walk.Channels) + channel;
                formula.Add(a[at], TFormula.TakesTwo ? b[at] : p0, p0, p1, p2, ref blockFirst, ref blockSecond);
            }

            first += blockFirst;
            second += blockSecond;
        }

        int to = ((Parameters + (2 * part)) * walk.Channels) + channel;
        memory[to] = first;
        memory[to + walk.Channels] = second;
    }

    /// <summary>One thread computes the statistics of a channel from the sums of its parts.</summary>
    private static void FinishForwardKernel<TLane>(
        Index1D channel, Walk walk, ForwardNumbers<TLane> numbers, ArrayView<TLane> memory, ArrayView<TLane> gamma, ArrayView<TLane> beta, ArrayView<TLane> mean,
        ArrayView<TLane> reciprocal, ArrayView<TLane> runningMean, ArrayView<TLane> runningVariance)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane sum = TLane.Of(0), squares = TLane.Of(0);
        for (int part = 0; part < walk.Parts; part++)
        {
            int from = ((Parameters + (2 * part)) * walk.Channels) + channel;
            sum += memory[from];
            squares += memory[from + walk.Channels];
        }

        TLane m = ChannelStatistics.Moments(memory[channel], sum, squares, TLane.Of(walk.Rows), out TLane variance);
        TLane r = ChannelStatistics.ReciprocalDeviation(variance, numbers.Epsilon);
        mean[channel] = m;
        reciprocal[channel] = r;
        memory[channel] = m;
        memory[channel + walk.Channels] = (numbers.HasGamma != 0 ? gamma[channel] : TLane.Of(1)) * r;
        memory[channel + (2 * walk.Channels)] = numbers.HasBeta != 0 ? beta[channel] : TLane.Of(0);
        if (numbers.HasRunning == 0) return;
        runningMean[channel] = ChannelStatistics.Running(runningMean[channel], m, numbers.Momentum);
        runningVariance[channel] = ChannelStatistics.Running(runningVariance[channel], variance * numbers.Unbiased, numbers.Momentum);
    }

    /// <summary>One thread computes the gradients of a channel's gamma and beta, and what its statistics pass on to x.</summary>
    private static void FinishBackwardKernel<TLane>(
        Index1D channel, Walk walk, int ofBatch, ArrayView<TLane> memory, ArrayView<TLane> reciprocal, ArrayView<TLane> dGamma, ArrayView<TLane> dBeta)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane sum = TLane.Of(0), products = TLane.Of(0);
        for (int part = 0; part < walk.Parts; part++)
        {
            int from = ((Parameters + (2 * part)) * walk.Channels) + channel;
            sum += memory[from];
            products += memory[from + walk.Channels];
        }

        TLane r = reciprocal[channel];
        dBeta[channel] = sum;
        dGamma[channel] = products * r;
        TLane slope = ChannelStatistics.Slope(memory[channel + walk.Channels], r, sum, products, TLane.Of(walk.Rows), out TLane offset);
        memory[channel + (3 * walk.Channels)] = ofBatch != 0 ? offset : TLane.Of(0);
        memory[channel + (4 * walk.Channels)] = ofBatch != 0 ? slope : TLane.Of(0);
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

    /// <summary>How the rows are cut into parts.</summary>
    internal readonly struct Walk
    {
        internal readonly int Rows, Channels, Parts, RowsInPart;

        internal Walk(int rows, int channels)
        {
            (Rows, Channels) = (rows, channels);
            int wanted = Math.Max(1, BusyThreads / channels);

            // Not fewer rows than the square root: whoever adds up the parts should not take longer than who adds up one.
            RowsInPart = Math.Max(Math.Max((rows + wanted - 1) / wanted, BlockRows), (int)Math.Sqrt(rows));
            Parts = Math.Max(1, (rows + RowsInPart - 1) / RowsInPart);
        }
    }

    /// <summary>The numbers of a forward pass; what is 0 is not there.</summary>
    internal readonly struct ForwardNumbers<TLane>(TLane epsilon, TLane momentum, TLane unbiased, int hasGamma, int hasBeta, int hasRunning)
        where TLane : unmanaged
    {
        internal readonly TLane Epsilon = epsilon, Momentum = momentum, Unbiased = unbiased;
        internal readonly int HasGamma = hasGamma, HasBeta = hasBeta, HasRunning = hasRunning;
    }
}
