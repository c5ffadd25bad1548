using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A convolution y = x * W + b of images: [batch, height, width, inputs] to [batch, output height, output width, outputs]. The weight is
/// [kernel height, kernel width, inputs / groups, outputs], the bias [outputs]. Both start uniform in +-1 / sqrt(kernel height * kernel
/// width * inputs / groups) by default, as in PyTorch.
/// </summary>
public sealed class Conv2d : Module, IWeightedLayer
{
    private readonly Conv2dOptions _convolution;

    /// <summary>Creates the layer with a square kernel.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="stride">Places of the image from one output to the next.</param>
    /// <param name="padding">The padding: a count for all sides, a <see cref="Conv2dPadding"/>, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">Places of the image from one tap of the kernel to the next.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the same range as the weight's default.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, or the groups do not divide the channels.</exception>
    public Conv2d(
        int inputs, int outputs, int kernel, ModuleOptions options, int stride = 1, ConvPadding padding = default, int dilation = 1,
        int groups = 1,
        bool bias = true, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
        : this(inputs, outputs, (kernel, kernel), options, ConvolutionLayers.Options(nameof(Conv2d), stride, padding, dilation, groups),
            bias, weightInitializer,
            biasInitializer)
    {
    }

    /// <summary>Creates the layer with a kernel and options of any kind.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="convolution">Strides, padding, dilations, groups.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the same range as the weight's default.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, or the groups do not divide the channels.</exception>
    public Conv2d(
        int inputs, int outputs, (int Height, int Width) kernel, ModuleOptions options, Conv2dOptions convolution,
        bool bias = true, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        ConvolutionLayers.Check(nameof(Conv2d), inputs, outputs, kernel, convolution);
        _convolution = convolution;
        Shape weight = [kernel.Height, kernel.Width, inputs / convolution.Groups, outputs];
        double bound = 1 / Math.Sqrt(weight.Count / outputs);
        Weight = NewParameter("weight", weight, weightInitializer ?? Initializers.LinearDefault, options, ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
    }

    internal Conv2dOptions Convolution => _convolution;

    /// <summary>W: [kernel height, kernel width, inputs / groups, outputs].</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Conv2d(Weight, Bias, _convolution);

    /// <summary>y = activation(x * W + b), in one kernel.</summary>
    public Tensor Forward(Tensor x, Activation activation) => Forward(x, Weight, activation);

    int IWeightedLayer.OutputAxis => 3;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Activation activation) => x.Conv2d(weight, Bias, _convolution, activation);
}

/// <summary>What the constructors of the convolutional layers check.</summary>
internal static class ConvolutionLayers
{
    /// <summary>Options of equal strides and dilations both ways.</summary>
    internal static Conv2dOptions Options(string layer, int stride, ConvPadding padding, int dilation, int groups) =>
        Math.Min(stride, Math.Min(dilation, groups)) >= 1 ? new(stride, padding, dilation, groups)
        : throw new ArgumentOutOfRangeException(
            null, $"{layer}: the stride, the dilation and the number of groups must be at least 1, found {stride}, {dilation} and "
                + $"{groups}.");

    internal static void Check(string layer, int inputs, int outputs, (int Height, int Width) kernel, in Conv2dOptions options)
    {
        int groups = options.Groups;
        if (inputs < 1 || outputs < 1) throw new ArgumentOutOfRangeException(
            null, $"{layer}: inputs and outputs must be at least 1 channel, found {inputs} and {outputs}.");
        if (kernel.Height < 1 || kernel.Width < 1) throw new ArgumentOutOfRangeException(
            nameof(kernel), $"{layer}: the kernel must be at least 1 x 1, found {kernel.Height} x {kernel.Width}.");
        if ((double)kernel.Height * kernel.Width * inputs * outputs > int.MaxValue) throw new ArgumentException(
            $"{layer}: a weight has at most {int.MaxValue} elements, found a kernel of {kernel.Height} x {kernel.Width} from {inputs} to "
            + $"{outputs} channels.");
        if (options.Padding.IsNegative) throw new ArgumentException(
            $"{layer}: padding must not be negative, found {options.Padding}.");
        if (inputs % groups != 0 || outputs % groups != 0) throw new ArgumentException(
            $"{layer}: expected groups that divide {inputs} inputs and {outputs} outputs, found {groups}.");
    }
}
