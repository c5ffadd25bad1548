using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Gemm;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// PixelCNN (van den Oord et al. 2016, arXiv:1601.06759, table 1 and figure 5): a 7 x 7 convolution of type A, residual blocks around a 3 x
/// 3 one of type B, and two layers of 1 x 1. A pixel sees those before it but for a blind spot to its upper right, which
/// <see cref="GatedPixelCnn"/> has not.
/// </summary>
public sealed class PixelCnn : PixelCnnModel
{
    private readonly MaskedConv2d _first;
    private readonly Embedding? _class;
    private readonly Block[] _blocks;
    private readonly Conv2d _hidden, _last;

    /// <summary>Creates the model.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public PixelCnn(PixelCnnSizes sizes, ModuleOptions options) : base(sizes, 2 * sizes.Features, options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.Layers);
        int h = sizes.Features;
        _first = AddModule("first", new MaskedConv2d(sizes.Inputs, 2 * h, sizes.FirstKernel, ConvMask.A, options));
        if (Classes > 0) _class = AddModule("class", new Embedding(Classes, 2 * h, options, Initializers.Normal(0, 0.05)));
        RandomStream dropout = options.Random.Split("dropout");
        _blocks = [.. Enumerable.Range(0, sizes.Layers)
            .Select(i => AddModule($"block{i}", new Block(h, sizes, i, options, dropout.Split(i))))];
        _hidden = AddModule("hidden", new Conv2d(2 * h, sizes.Head, 1, options));
        _last = AddModule("last", new Conv2d(sizes.Head, Outputs, 1, options));
    }

    private protected override Tensor Along(Tensor x, Tensor[] above, Tensor? labels, PixelHistory? history)
    {
        Tensor y = Convolve(_first, x, history);
        if (Positions is not null) y = Positions.Forward(y, history);
        if (labels is not null) y += OfClass(_class!, labels);
        foreach (Block block in _blocks) y = block.Forward(y, history);
        return _last.Forward(_hidden.Forward(y.Relu(), Activation.Relu));
    }

    /// <summary>
    /// y + c(ReLU(b(ReLU(a(ReLU(y)))))) with a: 1 x 1, 2 h to h; b: masked, h to h; c: 1 x 1, h to 2 h, which begins at zero: then every
    /// block begins as the identity.
    /// </summary>
    private sealed class Block : Module
    {
        private readonly Conv2d _reduce, _expand;
        private readonly MaskedConv2d _spread;
        private readonly Dropout? _dropout;

        internal Block(int h, PixelCnnSizes sizes, int index, ModuleOptions options, RandomStream random)
        {
            _reduce = AddModule("reduce", new Conv2d(2 * h, h, 1, options));
            _spread = AddModule("spread",
                new MaskedConv2d(h, h, sizes.Kernel, ConvMask.B, options, sizes.Dilations[index % sizes.Dilations.Count]));
            if (sizes.Dropout > 0) _dropout = AddModule("dropout", new Dropout(sizes.Dropout, options with { Random = random }));
            _expand = AddModule("expand",
                new Conv2d(h, 2 * h, 1, options, weightInitializer: Initializers.Zeros, biasInitializer: Initializers.Zeros));
        }

        public override Tensor Forward(Tensor y) => Forward(y, null);

        internal Tensor Forward(Tensor y, PixelHistory? history)
        {
            Tensor z = Convolve(_spread, _reduce.Forward(y.Relu(), Activation.Relu), history, Activation.Relu);
            if (_dropout is not null) z = _dropout.Forward(z);
            return y + _expand.Forward(z);
        }
    }
}
