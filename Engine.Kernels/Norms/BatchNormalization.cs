using Engine.Kernels.Devices;
using Engine.Kernels.Gemm;

namespace Engine.Kernels.Norms;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) of [rows, channels], of float or double; images [N, H, W, C] have N H W
/// rows. Each channel is brought to mean 0 and variance 1 over the rows, then scaled and shifted; an activation whose gradient the sign
/// of its output tells may follow in the same pass. Sums run in an order that depends on the shape alone: the number of threads never
/// changes a bit.
/// </summary>
public static partial class BatchNormalization
{
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
    /// <param name="mean">Receives the mean of each channel.</param>
    /// <param name="reciprocal">Receives 1 / sqrt(variance + epsilon) of each channel.</param>
    /// <param name="y">The output, of the input's shape; may be the input.</param>
    /// <param name="running">Running statistics to be moved on, if any.</param>
    /// <exception cref="ArgumentException">There are fewer than two rows, or another activation, or devices, types or lengths do not
    /// match.</exception>
    public static void Forward(
        Storage x, int rows, int channels, Storage? gamma, Storage? beta, double epsilon, Activation activation, Storage mean,
        Storage reciprocal, Storage y,
        RunningStatistics? running = null)
    {
        const string Operation = "BatchNormalization.Forward";
        Device device = NormArguments.Check(
            Operation, x, (long)rows * channels, (nameof(y), y, (long)rows * channels), (nameof(gamma), gamma, channels),
            (nameof(beta), beta, channels),
            (nameof(mean), mean, channels), (nameof(reciprocal), reciprocal, channels), ("the running mean", running?.Mean, channels),
            ("the running variance", running?.Variance, channels));
        NormArguments.CheckEpsilon(Operation, epsilon);
        CheckActivation(Operation, activation);
        if (rows < 2) throw new ArgumentException(
            $"{Operation}: the variance of one value says nothing: each channel needs at least 2 rows, found {rows}.");
        if (channels == 0) return;
        Channels of = new(rows, channels, gamma, beta, mean, reciprocal);
        switch (activation.Kind)
        {
            case ActivationKind.Relu: Forward(device, new NormalizeFormula<FoldedRelu>(default), of, x, epsilon, running, y); break;
            case ActivationKind.LeakyRelu: Forward(
                device, new NormalizeFormula<FoldedLeakyRelu>(new(activation.Slope)), of, x, epsilon, running, y); break;
            default: Forward(device, new NormalizeFormula<FoldedNothing>(default), of, x, epsilon, running, y); break;
        }
    }

    /// <summary>y = activation((x - mean) reciprocal gamma + beta), with statistics that are given: for evaluation.</summary>
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
        Device device = NormArguments.Check(
            Operation, x, (long)rows * channels, (nameof(y), y, (long)rows * channels), (nameof(gamma), gamma, channels),
            (nameof(beta), beta, channels),
            (nameof(mean), mean, channels), (nameof(reciprocal), reciprocal, channels));
        CheckActivation(Operation, activation);
        if (x.Length == 0) return;
        Channels of = new(rows, channels, gamma, beta, mean, reciprocal);
        switch (activation.Kind)
        {
            case ActivationKind.Relu: Evaluate(device, new NormalizeFormula<FoldedRelu>(default), of, x, y); break;
            case ActivationKind.LeakyRelu: Evaluate(device, new NormalizeFormula<FoldedLeakyRelu>(new(activation.Slope)), of, x, y); break;
            default: Evaluate(device, new NormalizeFormula<FoldedNothing>(default), of, x, y); break;
        }
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
        Storage reciprocal, bool ofBatch,
        Storage dGamma, Storage dBeta, Storage? dx)
    {
        const string Operation = "BatchNormalization.Backward";
        long count = (long)rows * channels;
        Device device = NormArguments.Check(
            Operation, x, count, (nameof(g), g, count), (nameof(gamma), gamma, channels), (nameof(beta), beta, channels),
            (nameof(mean), mean, channels),
            (nameof(reciprocal), reciprocal, channels), (nameof(dGamma), dGamma, channels), (nameof(dBeta), dBeta, channels),
            (nameof(dx), dx, count));
        CheckActivation(Operation, activation);
        if (channels == 0) return;
        Channels of = new(rows, channels, gamma, beta, mean, reciprocal);
        switch (activation.Kind)
        {
            case ActivationKind.Relu: Backward(
                device, new NormalizeGradientFormula<FoldedRelu>(default), of, g, x, ofBatch, dGamma, dBeta, dx); break;
            case ActivationKind.LeakyRelu: Backward(
                device, new NormalizeGradientFormula<FoldedLeakyRelu>(new(activation.Slope)), of, g, x, ofBatch, dGamma, dBeta, dx); break;
            default: Backward(device, new NormalizeGradientFormula<FoldedNothing>(default), of, g, x, ofBatch, dGamma, dBeta, dx); break;
        }
    }

    /// <summary>Whether an activation can follow in the same pass: one whose gradient the sign of its output tells.</summary>
    public static bool Folds(Activation activation) =>
        activation.Kind is ActivationKind.None or ActivationKind.Relu or ActivationKind.LeakyRelu;

    private static void CheckActivation(string operation, Activation activation)
    {
        if (!Folds(activation)) throw new ArgumentException(
            $"{operation}: the activation must be None, Relu or LeakyRelu, found {activation.Kind}.");
    }

    private static void Forward<TFormula>(
        Device device, TFormula formula, in Channels of, Storage x, double epsilon, RunningStatistics? running, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (device is CpuDevice cpu) ForwardOnHost(cpu, formula, of, x, epsilon, running, y);
        else ForwardOnIlgpu((GpuDevice)device, formula, of, x, epsilon, running, y);
    }

    private static void Evaluate<TFormula>(Device device, TFormula formula, in Channels of, Storage x, Storage y)
        where TFormula : unmanaged, IChannelFormula
    {
        if (device is CpuDevice cpu) EvaluateOnHost(cpu, formula, of, x, y);
        else EvaluateOnIlgpu((GpuDevice)device, formula, of, x, y);
    }

    private static void Backward<TFormula>(
        Device device, TFormula formula, in Channels of, Storage g, Storage x, bool ofBatch, Storage dGamma, Storage dBeta, Storage? dx)
        where TFormula : unmanaged, IChannelFormula
    {
        if (device is CpuDevice cpu) BackwardOnHost(cpu, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
        else BackwardOnIlgpu((GpuDevice)device, formula, of, g, x, ofBatch, dGamma, dBeta, dx);
    }

    /// <summary>What there is for each channel.</summary>
    private readonly record struct Channels(int Rows, int Count, Storage? Gamma, Storage? Beta, Storage Mean, Storage Reciprocal);
}
