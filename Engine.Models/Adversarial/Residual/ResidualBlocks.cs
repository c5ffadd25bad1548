using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Residual;

/// <summary>
/// A residual block of a generator, which doubles the sides of images (Miyato and Koyama 2018, arXiv:1802.05637, figure 14; Brock et al.
/// 2018, BigGAN, arXiv:1809.11096, figure 15): normalised, scaled and offset by a vector of each sample, through ReLU, doubled, convolved,
/// and the same again without doubling. Beside that goes the input, doubled, through a 1 x 1 convolution.
/// </summary>
public sealed class ResidualGeneratorBlock : ConditionalModule
{
    private readonly ModulatedBatchNorm _norm1, _norm2;
    private readonly Module _conv1, _conv2, _skip;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="conditions">Elements of a sample's vector; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around each layer with weights, such as <see cref="SpectralNorm"/>; null for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels, or a vector has no elements.</exception>
    public ResidualGeneratorBlock(int inputs, int outputs, int conditions, ModuleOptions options, Func<Module, Module>? around = null)
    {
        around ??= layer => layer;
        _norm1 = AddModule("norm1", new ModulatedBatchNorm(inputs, conditions, options, around));

        // Without a bias: the second normalisation would subtract it again with the mean.
        _conv1 = AddModule("conv1", around(ResidualLayers.Convolution(inputs, outputs, options, bias: false)));
        _norm2 = AddModule("norm2", new ModulatedBatchNorm(outputs, conditions, options, around));
        _conv2 = AddModule("conv2", around(ResidualLayers.Convolution(outputs, outputs, options)));
        _skip = AddModule("skip", around(ResidualLayers.Pointwise(inputs, outputs, options)));
    }

    /// <summary>
    /// skip(up(x)) + conv(relu(norm(conv(up(relu(norm(x, c)))), c))): images [samples, height, width, inputs] to
    /// [samples, 2 height, 2 width, outputs].
    /// </summary>
    /// <param name="x">The images.</param>
    /// <param name="condition">c: [samples, conditions].</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        Tensor h = _conv1.Forward(_norm1.Forward(x, condition).Relu().UpsampleNearest2d(2));
        h = _conv2.Forward(_norm2.Forward(h, condition).Relu());

        // A 1 x 1 convolution of repeated pixels is the repeated convolution: it is a quarter of the work before.
        return h + _skip.Forward(x).UpsampleNearest2d(2);
    }
}

/// <summary>
/// A residual block of a discriminator, which halves the sides of images or leaves them (Miyato and Koyama 2018, arXiv:1802.05637, figure
/// 14; Brock et al. 2018, BigGAN, arXiv:1809.11096, figure 15): through ReLU, convolved, twice, then the mean over 2 x 2. Beside that goes
/// the input through the same mean and a 1 x 1 convolution.
/// </summary>
public sealed class ResidualDiscriminatorBlock : Module
{
    private readonly Module _conv1, _conv2;
    private readonly Module? _skip;
    private readonly bool _isFirst, _halves;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around each layer with weights, such as <see cref="SpectralNorm"/>; null for nothing.</param>
    /// <param name="isFirst">Whether x is the image itself, which then goes to the first convolution without ReLU.</param>
    /// <param name="halves">Whether the sides are halved. Where they are not, and the channels stay as many, the input is added as it
    /// is.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels.</exception>
    public ResidualDiscriminatorBlock(
        int inputs, int outputs, ModuleOptions options, Func<Module, Module>? around = null, bool isFirst = false, bool halves = true)
    {
        around ??= layer => layer;
        (_isFirst, _halves) = (isFirst, halves);
        _conv1 = AddModule("conv1", around(ResidualLayers.Convolution(inputs, outputs, options)));
        _conv2 = AddModule("conv2", around(ResidualLayers.Convolution(outputs, outputs, options)));
        if (halves || inputs != outputs) _skip = AddModule("skip", around(ResidualLayers.Pointwise(inputs, outputs, options)));
    }

    /// <summary>
    /// skip(down(x)) + down(conv(relu(conv(relu(x))))): images [samples, height, width, inputs] to
    /// [samples, height / 2, width / 2, outputs].
    /// </summary>
    /// <param name="x">The images.</param>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tensor h = Down(_conv2.Forward(_conv1.Forward(_isFirst ? x : x.Relu()).Relu()));

        // The mean of 1 x 1 convolutions is the convolution of the mean: it is a quarter of the work after.
        return h + (_skip is null ? x : _skip.Forward(Down(x)));
    }

    private Tensor Down(Tensor x) => _halves ? x.AvgPool2d(2) : x;
}

/// <summary>The convolutions of the blocks, orthogonal at first, as all layers of BigGAN are.</summary>
internal static class ResidualLayers
{
    internal static Conv2d Convolution(int inputs, int outputs, ModuleOptions options, bool bias = true) => new(
        inputs, outputs, kernel: 3, options, padding: ConvPadding.Same, bias: bias, weightInitializer: Initializers.Orthogonal(),
        biasInitializer: Initializers.Zeros);

    /// <summary>A convolution of 1 x 1, which is a product with the channels of each place; the block has its bias elsewhere.</summary>
    internal static Linear Pointwise(int inputs, int outputs, ModuleOptions options) =>
        new(inputs, outputs, options, bias: false, Initializers.Orthogonal());
}
