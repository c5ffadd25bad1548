using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A convolution y = x * W + b of sequences: [batch, length, inputs] to [batch, output length, outputs]. The weight is [kernel, inputs /
/// groups, outputs], the bias [outputs]. Both start uniform in +-1 / sqrt(kernel * inputs / groups) by default, as in PyTorch.
/// </summary>
public sealed class Conv1d : Module, IWeightedLayer
{
    private readonly (int Before, int After) _padding;
    private readonly int _stride, _dilation, _groups;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Taps of the kernel; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="stride">Places of the sequence from one output to the next.</param>
    /// <param name="padding">Zeros before and after the sequence. As many as dilation (kernel - 1) before and none after make a causal
    /// layer.</param>
    /// <param name="dilation">Places of the sequence from one tap of the kernel to the next.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the same range as the weight's default.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, or the groups do not divide the channels.</exception>
    public Conv1d(
        int inputs, int outputs, int kernel, ModuleOptions options, int stride = 1, (int Before, int After) padding = default,
        int dilation = 1, int groups = 1, bool bias = true, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        CheckExtent(kernel);
        ConvolutionLayers.Check(
            nameof(Conv1d), inputs, outputs, (kernel, 1), ConvolutionLayers.Options(nameof(Conv1d), stride, 0, dilation, groups));
        if (Math.Min(padding.Before, padding.After) < 0) throw new ArgumentException(
            $"Conv1d: padding must not be negative, found {padding.Before} and {padding.After}.");
        (_stride, _padding, _dilation, _groups) = (stride, padding, dilation, groups);
        Shape weight = [kernel, inputs / groups, outputs];
        double bound = 1 / Math.Sqrt(weight.Count / outputs);
        Weight = NewParameter("weight", weight, weightInitializer ?? Initializers.LinearDefault, options, ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
    }

    /// <summary>W: [kernel, inputs / groups, outputs].</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Conv1d(Weight, Bias, _stride, _padding, _dilation, _groups);

    /// <summary>y = activation(x * W + b), in one kernel.</summary>
    public Tensor Forward(Tensor x, Activation activation) => Forward(x, Weight, activation);

    int IWeightedLayer.OutputAxis => 2;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Activation activation) =>
        x.Conv1d(weight, Bias, _stride, _padding, _dilation, _groups, activation);
}
