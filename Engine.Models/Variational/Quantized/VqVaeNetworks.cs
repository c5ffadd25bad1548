using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Gemm;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// Encoder and decoder of a <see cref="VqVae"/> (van den Oord et al. 2017, section 4.1): two convolutions of stride 2 and residual blocks,
/// and the same back. A code stands for 4 x 4 pixels.
/// </summary>
public static class VqVaeNetworks
{
    /// <summary>Pixels along each side that a code stands for.</summary>
    public const int Stride = 4;

    /// <summary>From images [batch, height, width, channels] to vectors [batch, height / 4, width / 4, depth].</summary>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="width">Features of a layer, at least 2; half as many after the first one.</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="depth">Elements of a vector.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is too small.</exception>
    public static Sequential Encoder(int channels, int width, int blocks, int depth, ModuleOptions options) => new(
    [
        new Conv2d(channels, Half(width), 4, options, stride: 2, padding: 1), new Relu(),
        new Conv2d(width / 2, width, 4, options, stride: 2, padding: 1), new Relu(),
        new Conv2d(width, width, 3, options, padding: 1),
        .. Enumerable.Range(0, blocks).Select(_ => new ResidualBlock(width, options)),
        new Relu(), new Conv2d(width, depth, 1, options),
    ]);

    /// <summary>From vectors [batch, rows, columns, depth] to outputs [batch, 4 rows, 4 columns, outputs].</summary>
    /// <param name="outputs">Outputs for each pixel.</param>
    /// <param name="width">Features of a layer, at least 2; half as many before the last one.</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="depth">Elements of a vector.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is too small.</exception>
    public static Sequential Decoder(int outputs, int width, int blocks, int depth, ModuleOptions options) => new(
    [
        new Conv2d(depth, width, 3, options, padding: 1),
        .. Enumerable.Range(0, blocks).Select(_ => new ResidualBlock(width, options)),
        new Relu(), new ConvTranspose2d(width, Half(width), 4, options, stride: 2, padding: 1), new Relu(),
        new ConvTranspose2d(width / 2, outputs, 4, options, stride: 2, padding: 1),
    ]);

    private static int Half(int width) => width >= 2 ? width / 2 : throw new ArgumentOutOfRangeException(
        nameof(width), width, $"VqVaeNetworks: the width must be at least 2, found {width}.");
}

/// <summary>x + b(ReLU(a(ReLU(x)))) with a: 3 x 3 to half as many features; b: 1 x 1, back.</summary>
internal sealed class ResidualBlock : Module
{
    private readonly Conv2d _spread, _expand;

    /// <summary>Creates the block.</summary>
    /// <param name="width">Features, at least 2.</param>
    /// <param name="options">Device, element type and random stream.</param>
    internal ResidualBlock(int width, ModuleOptions options)
    {
        _spread = AddModule("spread", new Conv2d(width, width / 2, 3, options, padding: 1));
        _expand = AddModule("expand", new Conv2d(width / 2, width, 1, options));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x + _expand.Forward(_spread.Forward(x.Relu(), Activation.Relu));
}
