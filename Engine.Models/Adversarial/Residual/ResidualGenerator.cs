using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Models.Adversarial.Conditional;

namespace Engine.Models.Adversarial.Residual;

/// <summary>
/// The generator of BigGAN (Brock et al. 2018, arXiv:1809.11096, appendix B) for small images: noise and classes to images in [-1, 1]. The
/// noise is cut into chunks. The first makes the smallest images; each other one goes, beside the embedding of the class, into the scales
/// and offsets of a block. The embedding is one for all blocks, the parameter <c>embedding</c>, [classes, dimensions]; it begins normal
/// with a deviation of 1 as the noise has it, so that classes and noise matter equally.
/// </summary>
public sealed class ResidualGenerator : ConditionalModule
{
    private readonly Module _first, _draw;
    private readonly BatchNorm _norm;
    private readonly ResidualGeneratorBlock[] _blocks;
    private readonly SelfAttentionBlock? _attention;

    /// <summary>Creates the generator.</summary>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="size">Sizes.</param>
    /// <param name="around">What is put around each layer with weights, such as <see cref="SpectralNorm"/>; null for nothing.</param>
    public ResidualGenerator(ModuleOptions options, ResidualGanSize size, Func<Module, Module>? around = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(size);
        around ??= layer => layer;
        Size = size;
        int features = size.Width << size.Levels;
        Embedding = NewParameter("embedding", [size.Classes, size.Embedding], Initializers.Normal(0, 1), options);
        _first = AddModule("first", around(new Linear(
            size.Chunk, size.Seed * size.Seed * features, options, bias: true, Initializers.Orthogonal(), Initializers.Zeros)));
        _blocks = new ResidualGeneratorBlock[size.Levels];
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (size.HasAttention && i == _blocks.Length - 1)
                _attention = AddModule("attention", new SelfAttentionBlock(features >> i, options, around));
            _blocks[i] = AddModule($"block{i + 1}", new ResidualGeneratorBlock(
                features >> i, features >> (i + 1), size.Embedding + size.Chunk, options, around));
        }

        _norm = AddModule("norm", new BatchNorm(size.Width, options));
        _draw = AddModule("draw", around(ResidualLayers.Convolution(size.Width, size.Channels, options)));
    }

    /// <summary>Sizes.</summary>
    public ResidualGanSize Size { get; }

    /// <summary>e: the embedding of each class, [classes, dimensions].</summary>
    public Parameter Embedding { get; }

    /// <summary>Noise to images [samples, side, side, channels]; between classes, with the weighted mean of their embeddings.</summary>
    /// <param name="x">The noise, [samples, latent].</param>
    /// <param name="condition">Labels, int32 [samples], or weights of the classes, [samples, classes].</param>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 2 || x.Shape[1] != Size.Latent) throw new ArgumentException(
            $"ResidualGenerator: expected noise [samples, {Size.Latent}], found {x.Shape}.");
        Tensor embedding = ClassLabels.Weights(nameof(ResidualGenerator), x, condition, Size.Classes).MatMul(Embedding);
        Tensor h = _first.Forward(Chunk(0)).Reshape(new Shape(x.Shape[0], Size.Seed, Size.Seed, Size.Width << Size.Levels));
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (_attention is not null && i == _blocks.Length - 1) h = _attention.Forward(h);

            // c_i = [e_y, z_i]
            h = _blocks[i].Forward(h, Tensor.Concat(1, embedding, Chunk(i + 1)));
        }

        return _draw.Forward(_norm.Forward(h).Relu()).Tanh();

        Tensor Chunk(int i) => x.Slice(1, i * Size.Chunk, Size.Chunk);
    }
}
