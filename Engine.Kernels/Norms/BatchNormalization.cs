using Engine.Kernels.Gemm;
using Engine.Kernels.Norms.Gpu;
using Engine.Kernels.Norms.Host;

namespace Engine.Kernels.Norms;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) of [rows, channels], of float or double; images [N, H, W, C] have N H W
/// rows. Each channel is brought to mean 0 and variance 1 over the rows, then scaled and shifted; an activation whose gradient the sign
/// of its output tells may follow in the same pass. Sums run in an order that depends on the shape alone: the number of threads never
/// changes a bit.
/// </summary>
public static class BatchNormalization
{
    /// <summary>
    /// The most rows whose mean is a channel's pivot. They are spread over all rows, and they bound how far the pivot can be off: of n
    /// rows, by no more than makes a rounding error of the variance n / 16 times as large, where one row alone would set no bound.
    /// </summary>
    internal const int PivotRows = 16;

    /// <summary>
    /// y = activation((x - mean) / sqrt(variance + epsilon) gamma + beta), with the mean and the population variance of each channel.
    /// Memory is read twice, or once where a strip of channels stays in the cache between the statistics and the outputs.
    /// </summary>
    /// <param name="x">The input, <paramref name="rows"/> x <paramref name="channels"/>.</param>
    /// <param name="rows">The number of rows, at least 2.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="gamma">A factor for each channel; null for 1.</param>
    /// <param name="beta">What is added to each channel; null for 0.</param>
    /// <param name="epsilon">What is added to the variance; positive.</param>
    /// <param name="activation">None, ReLU or leaky ReLU.</param>
    /// <param name="mean">Receives the mean of each channel; with twice as many elements, behind them what they were rounded by, so that
    /// the derivative is accurate for channels far from 0.</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon) of each channel.</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <param name="running">Running statistics to be updated, if any.</param>
    /// <exception cref="ArgumentException">There are fewer than two rows, or another activation, or devices, types or lengths do not
    /// match.</exception>
    public static void Forward(
        Storage x, int rows, int channels, Storage? gamma, Storage? beta, double epsilon, Activation activation, Storage mean,
        Storage reciprocal, Storage y, RunningStatistics? running = null)
    {
        const string Operation = "BatchNormalization.Forward";
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, (long)rows * channels), (nameof(y), y, (long)rows * channels), (nameof(gamma), gamma, channels),
            (nameof(beta), beta, channels), (nameof(mean), mean, ChannelStatistics.MeanLength(mean, channels)),
            (nameof(reciprocal), reciprocal, channels), ("the running mean", running?.Mean, channels),
            ("the running variance", running?.Variance, channels));
        ChannelStatistics.CheckEpsilon(Operation, epsilon);
        CheckActivation(Operation, activation);
        if (rows < 2) throw new ArgumentException(
            $"{Operation}: the variance of one value says nothing: each channel needs at least 2 rows, found {rows}.");
        if (channels == 0) return;
        ChannelArrays of = new(rows, channels, gamma, beta, mean, reciprocal);
        FoldedActivations.Visit(activation, new ForwardWork(device, of, x, epsilon, running, y));
    }

    /// <summary>y = activation((x - mean) reciprocal gamma + beta), with given statistics: for evaluation.</summary>
    /// <param name="x">The input, <paramref name="rows"/> x <paramref name="channels"/>.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="gamma">A factor for each channel; null for 1.</param>
    /// <param name="beta">What is added to each channel; null for 0.</param>
    /// <param name="activation">None, ReLU or leaky ReLU.</param>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="reciprocal">1 / sqrt(variance + epsilon) of each channel.</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <exception cref="ArgumentException">There is another activation, or devices, types or lengths do not match.</exception>
    public static void Evaluate(
        Storage x, int rows, int channels, Storage? gamma, Storage? beta, Activation activation, Storage mean, Storage reciprocal,
        Storage y)
    {
        const string Operation = "BatchNormalization.Evaluate";
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, (long)rows * channels), (nameof(y), y, (long)rows * channels), (nameof(gamma), gamma, channels),
            (nameof(beta), beta, channels), (nameof(mean), mean, ChannelStatistics.MeanLength(mean, channels)),
            (nameof(reciprocal), reciprocal, channels));
        CheckActivation(Operation, activation);
        if (x.Length == 0) return;
        ChannelArrays of = new(rows, channels, gamma, beta, mean, reciprocal);
        FoldedActivations.Visit(activation, new EvaluateWork(device, of, x, y));
    }

    /// <summary>
    /// The derivative, in two walks over memory. With h the gradient taken back through the activation, z = (x - mean) reciprocal and n
    /// rows: dbeta = sum h, dgamma = sum h z, dx = gamma reciprocal (h - dbeta / n - z dgamma / n); with statistics that were given,
    /// dx = gamma reciprocal h. The output of the forward pass is not read: its sign is found again from x.
    /// </summary>
    /// <param name="g">The gradient with respect to the output, <paramref name="rows"/> x <paramref name="channels"/>.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="gamma">The factors, as in the forward pass.</param>
    /// <param name="beta">What was added, as in the forward pass.</param>
    /// <param name="activation">The activation of the forward pass.</param>
    /// <param name="mean">The means that the forward pass used.</param>
    /// <param name="reciprocal">The reciprocal deviations that it used.</param>
    /// <param name="ofBatch">True when they are those of x, false when they were given.</param>
    /// <param name="dGamma">Receives the gradient of gamma.</param>
    /// <param name="dBeta">Receives the gradient of beta.</param>
    /// <param name="dx">Receives the gradient of x, unless it is null; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">There is another activation, or devices, types or lengths do not match.</exception>
    public static void Backward(
        Storage g, Storage x, int rows, int channels, Storage? gamma, Storage? beta, Activation activation, Storage mean,
        Storage reciprocal, bool ofBatch, Storage dGamma, Storage dBeta, Storage? dx)
    {
        const string Operation = "BatchNormalization.Backward";
        long count = (long)rows * channels;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, count), (nameof(g), g, count), (nameof(gamma), gamma, channels), (nameof(beta), beta, channels),
            (nameof(mean), mean, ChannelStatistics.MeanLength(mean, channels)), (nameof(reciprocal), reciprocal, channels),
            (nameof(dGamma), dGamma, channels),
            (nameof(dBeta), dBeta, channels), (nameof(dx), dx, count));
        CheckActivation(Operation, activation);
        if (channels == 0) return;
        ChannelArrays of = new(rows, channels, gamma, beta, mean, reciprocal);
        FoldedActivations.Visit(activation, new BackwardWork(device, of, g, x, ofBatch, dGamma, dBeta, dx));
    }

    /// <summary>Whether an activation can follow in the same pass: one whose gradient the sign of its output tells.</summary>
    public static bool Folds(Activation activation) =>
        activation.Kind is ActivationKind.None or ActivationKind.Relu or ActivationKind.LeakyRelu;

    private static void CheckActivation(string operation, Activation activation)
    {
        if (!Folds(activation)) throw new ArgumentException(
            $"{operation}: the activation must be None, Relu or LeakyRelu, found {activation.Kind}.");
    }

    internal readonly record struct ForwardWork(
        Device Device, ChannelArrays Of, Storage X, double Epsilon, RunningStatistics? Running, Storage Y) : IFoldedActivationWork
    {
        public void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IFoldedActivation
        {
            LaneDispatch.Run(
                Device, X.DType, new HostBatchNormalization.Forward<TActivation>(activation, this),
                new GpuBatchNormalization.Forward<TActivation>(activation, this));
        }
    }

    internal readonly record struct EvaluateWork(Device Device, ChannelArrays Of, Storage X, Storage Y) : IFoldedActivationWork
    {
        public void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IFoldedActivation
        {
            LaneDispatch.Run(
                Device, X.DType, new HostBatchNormalization.Evaluate<TActivation>(activation, this),
                new GpuBatchNormalization.Evaluate<TActivation>(activation, this));
        }
    }

    internal readonly record struct BackwardWork(
        Device Device, ChannelArrays Of, Storage G, Storage X, bool OfBatch, Storage DGamma, Storage DBeta, Storage? Dx)
        : IFoldedActivationWork
    {
        public void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IFoldedActivation
        {
            LaneDispatch.Run(
                Device, X.DType, new HostBatchNormalization.Backward<TActivation>(activation, this),
                new GpuBatchNormalization.Backward<TActivation>(activation, this));
        }
    }
}

/// <summary>
/// Statistics of a batch normalisation that are gathered in training, for evaluation: running = (1 - momentum) running + momentum statistic
/// of the batch.
/// </summary>
/// <param name="Mean">The running mean of each channel.</param>
/// <param name="Variance">The running variance of each channel: of the unbiased variances, divided by rows - 1. A variance beyond the
/// largest number of the type counts as that number, so that one batch of such values does not spoil the statistics for good.</param>
/// <param name="Momentum">The weight of the newest batch, in [0, 1].</param>
public readonly record struct RunningStatistics(Storage Mean, Storage Variance, double Momentum = 0.1);

/// <summary>The arrays of a batch normalisation that have an element for each channel.</summary>
internal readonly record struct ChannelArrays(int Rows, int Count, Storage? Gamma, Storage? Beta, Storage Mean, Storage Reciprocal);
