using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Residual;

/// <summary>
/// Attention of every place of an image to all others, so that a network of small kernels relates places that lie far apart (Zhang et al.
/// 2018, self-attention GAN, arXiv:1805.08318, section 3): queries and keys of an eighth of the channels, values of a half, keys and values
/// at a quarter of the places. The parameter <c>gamma</c>, [1], starts at 0: at first the block passes its input on as it is.
/// </summary>
public sealed class SelfAttentionBlock : Module
{
    private const int Pooling = 2;

    private readonly Module _queries, _keys, _values, _output;
    private readonly int _channels, _inner;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">C: channels in and out; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around each layer with weights, such as <see cref="SpectralNorm"/>; null for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels.</exception>
    public SelfAttentionBlock(int channels, ModuleOptions options, Func<Module, Module>? around = null)
    {
        if (channels < 1) throw new ArgumentOutOfRangeException(
            nameof(channels), channels, $"SelfAttentionBlock: expected at least 1 channel, found {channels}.");
        around ??= layer => layer;
        int narrow = Math.Max(1, channels / 8);
        (_channels, _inner) = (channels, Math.Max(1, channels / 2));
        _queries = AddModule("queries", around(Pointwise(channels, narrow)));
        _keys = AddModule("keys", around(Pointwise(channels, narrow)));
        _values = AddModule("values", around(Pointwise(channels, _inner)));
        _output = AddModule("output", around(Pointwise(_inner, channels)));
        Gamma = NewParameter("gamma", [1], Initializers.Zeros, options);

        // A convolution of 1 x 1 is a product with the channels of each place.
        Linear Pointwise(int inputs, int outputs) => new(inputs, outputs, options, bias: false, Initializers.Orthogonal());
    }

    /// <summary>gamma: how much of what attention found is added, [1].</summary>
    public Parameter Gamma { get; }

    /// <summary>x + gamma W_o softmax(q kT) v: images [samples, height, width, channels] to the same shape.</summary>
    /// <param name="x">The images, of at least 2 x 2 places.</param>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 4 || x.Shape[3] != _channels || Math.Min(x.Shape[1], x.Shape[2]) < Pooling) throw new ArgumentException(
            $"SelfAttentionBlock: expected images [samples, height, width, {_channels}] of at least {Pooling} x {Pooling}, found "
            + $"{x.Shape}.");

        // softmax(q kT) v: the kernel divides q kT by the root of the channels, and takes as many of q and k as of v; zeros add nothing
        Tensor queries = Math.Sqrt(_inner) * Sequence(_queries.Forward(x));
        Tensor keys = Sequence(_keys.Forward(x).MaxPool2d(Pooling)), values = Sequence(_values.Forward(x).MaxPool2d(Pooling));
        Tensor found = Widened(queries).Attention(Widened(keys), values, heads: 1);
        return x + (Gamma * _output.Forward(found.Reshape(x.Shape[0], x.Shape[1], x.Shape[2], _inner)));

        Tensor Widened(Tensor of) => of.Pad(2, 0, _inner - of.Shape[2]);

        static Tensor Sequence(Tensor images) => images.Reshape(images.Shape[0], -1, images.Shape[3]);
    }
}
