using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A transposed convolution y = x *' W + b of images: [batch, height, width, inputs] to [batch, output height, output width, outputs]. The
/// weight is [kernel height, kernel width, outputs / groups, inputs], the bias [outputs]. Both start uniform in +-1 / sqrt(kernel height *
/// kernel width * outputs / groups) by default, as in PyTorch.
/// </summary>
public sealed class ConvTranspose2d : Module, IWeightedLayer
{
    private readonly Conv2dOptions _convolution;
    private readonly (int Height, int Width) _outputPadding;

    /// <summary>Creates the layer with a square kernel.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="stride">Places of the result from one place of the image to the next: how many times it grows.</param>
    /// <param name="padding">What is cut off the result: a count for all sides, a <see cref="Conv2dPadding"/>, or
    /// <see cref="ConvPadding.Same"/> for a result of extent * stride.</param>
    /// <param name="outputPadding">Rows and columns that are added below and to the right, fewer than the stride.</param>
    /// <param name="dilation">Places of the result from one tap of the kernel to the next.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes uniform in +-1 / sqrt(kernel height * kernel width *
    /// outputs / groups).</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the same range as the weight's default.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, or the groups do not divide the channels.</exception>
    public ConvTranspose2d(
        int inputs, int outputs, int kernel, ModuleOptions options, int stride = 1, ConvPadding padding = default, int outputPadding = 0,
        int dilation = 1,
        int groups = 1, bool bias = true, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
        : this(inputs, outputs, (kernel, kernel), options,
            ConvolutionLayers.Options(nameof(ConvTranspose2d), stride, padding, dilation, groups),
            (outputPadding, outputPadding), bias, weightInitializer, biasInitializer)
    {
    }

    /// <summary>Creates the layer with a kernel and options of any kind.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="convolution">Strides, padding, dilations, groups.</param>
    /// <param name="outputPadding">Rows and columns that are added below and to the right, fewer than the stride.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes uniform in +-1 / sqrt(kernel height * kernel width *
    /// outputs / groups).</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the same range as the weight's default.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, or the groups do not divide the channels.</exception>
    public ConvTranspose2d(
        int inputs, int outputs, (int Height, int Width) kernel, ModuleOptions options, Conv2dOptions convolution,
        (int Height, int Width) outputPadding = default,
        bool bias = true, Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        ConvolutionLayers.Check(nameof(ConvTranspose2d), inputs, outputs, kernel, convolution);
        if (outputPadding.Height < 0 || outputPadding.Height >= convolution.StrideHeight || outputPadding.Width < 0
            || outputPadding.Width >= convolution.StrideWidth)
        {
            throw new ArgumentException(
                $"ConvTranspose2d: output padding must be at least 0 and less than the stride, found {outputPadding.Height} x "
                + $"{outputPadding.Width} for a stride of {convolution.StrideHeight} x {convolution.StrideWidth}.");
        }

        (_convolution, _outputPadding) = (convolution, outputPadding);
        Shape weight = [kernel.Height, kernel.Width, outputs / convolution.Groups, inputs];
        double bound = 1 / Math.Sqrt(weight.Count / inputs);
        Weight = NewParameter("weight", weight, weightInitializer ?? Initializers.LinearDefault, options, ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
    }

    internal Conv2dOptions Convolution => _convolution;

    internal (int Height, int Width) OutputPadding => _outputPadding;

    /// <summary>W: [kernel height, kernel width, outputs / groups, inputs].</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.ConvTranspose2d(Weight, Bias, _convolution, _outputPadding);

    /// <summary>y = activation(x *' W + b), in one kernel.</summary>
    public Tensor Forward(Tensor x, Activation activation) => Forward(x, Weight, activation);

    int IWeightedLayer.OutputAxis => 2;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Activation activation) =>
        x.ConvTranspose2d(weight, Bias, _convolution, _outputPadding, activation);
}
