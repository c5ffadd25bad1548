using Engine.Kernels;
using Engine.Kernels.Gemm;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Nn;

/// <summary>
/// A masked convolution y = x * W + b of images, which sees only what comes before a pixel (van den Oord et al. 2016, arXiv:1601.06759):
/// [batch, height, width, inputs] to [batch, height, width, outputs]. The weight is [kernel height, kernel width, inputs, outputs] with all
/// taps, so that it can be exchanged with other frameworks; those that are masked are 0 and stay so. The others and the bias start uniform
/// in +-1 / sqrt(kept taps * inputs) by default.
/// </summary>
public sealed class MaskedConv2d : Module, IFusesActivation
{
    /// <summary>Creates the layer with a square kernel.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; odd.</param>
    /// <param name="mask">Which taps are kept.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="dilation">Places of the image from one tap of the kernel to the next.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, the kernel has no centre, or the mask leaves no tap of it.</exception>
    public MaskedConv2d(int inputs, int outputs, int kernel, ConvMask mask, ModuleOptions options, int dilation = 1, bool bias = true)
        : this(inputs, outputs, (kernel, kernel), mask, options, dilation, bias)
    {
    }

    /// <summary>Creates the layer with a kernel of any kind.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; odd.</param>
    /// <param name="mask">Which taps are kept.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="dilation">Places of the image from one tap of the kernel to the next.</param>
    /// <param name="bias">False for a layer without b.</param>
    /// <param name="weightInitializer">The initialiser of the weight, before masked taps are set to 0; null takes the range above.</param>
    /// <param name="biasInitializer">The initialiser of the bias; null takes the range above.</param>
    /// <exception cref="ArgumentException">An extent is less than 1, the kernel has no centre, or the mask leaves no tap of it.</exception>
    public MaskedConv2d(
        int inputs, int outputs, (int Height, int Width) kernel, ConvMask mask, ModuleOptions options, int dilation = 1, bool bias = true,
        Initializer? weightInitializer = null, Initializer? biasInitializer = null)
    {
        ConvolutionLayers.Check(nameof(MaskedConv2d), inputs, outputs, kernel, default);
        CheckExtent(dilation);
        int taps = Tensor.LiveTaps(nameof(MaskedConv2d), mask, kernel.Height, kernel.Width);
        (Mask, Dilation) = (mask, dilation);
        double bound = 1 / Math.Sqrt((double)taps * inputs);
        Initializer filler = weightInitializer ?? Initializers.Uniform(-bound, bound);
        Weight = NewParameter("weight", [kernel.Height, kernel.Width, inputs, outputs], (storage, shape, random) =>
        {
            filler(storage, shape, random);
            Clear(storage, taps * inputs * outputs);
        }, options, ParameterLayout.OutputsLast);
        if (bias) Bias = NewParameter("bias", [outputs], biasInitializer ?? Initializers.Uniform(-bound, bound), options);
    }

    /// <summary>W: [kernel height, kernel width, inputs, outputs], masked taps 0.</summary>
    public Parameter Weight { get; }

    /// <summary>b: [outputs]; null when the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <summary>Which taps are kept.</summary>
    public ConvMask Mask { get; }

    /// <summary>Places of the image from one tap of the kernel to the next.</summary>
    public int Dilation { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.MaskedConv2d(Weight, Bias, Mask, Dilation);

    /// <summary>y = activation(x * W + b), in one kernel.</summary>
    public Tensor Forward(Tensor x, Activation activation) => x.MaskedConv2d(Weight, Bias, Mask, Dilation, activation);

    private static void Clear(Storage storage, int from)
    {
        if (from == storage.Length) return;
        Storage zeros = storage.Device.Allocate(storage.DType, storage.Length - from);
        try
        {
            Move.Fill(zeros, 0);
            Move.WriteSlice(zeros, [zeros.Length], storage, [storage.Length], [from]);
        }
        finally
        {
            zeros.Release();
        }
    }
}
