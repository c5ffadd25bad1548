using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Gates;
using Engine.Kernels.Gemm;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// Gated PixelCNN (van den Oord et al. 2016, arXiv:1606.05328, figure 2): a vertical stack sees all rows above a pixel, a horizontal one
/// the pixels before it in its row, and the vertical one feeds the horizontal one in each layer. Together they see every earlier pixel
/// within reach: there is no blind spot. Their units are tanh(a) sigmoid(b), and a class adds a vector of its own to a and b of each layer.
/// </summary>
public sealed class GatedPixelCnn : PixelCnnModel
{
    private readonly Layer[] _layers;
    private readonly Conv2d _hidden, _last;

    /// <summary>Creates the model.</summary>
    /// <param name="sizes">The sizes; at least one layer.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public GatedPixelCnn(PixelCnnSizes sizes, ModuleOptions options) : base(sizes, 2 * sizes.Features, options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizes.Layers, 1);
        RandomStream dropout = options.Random.Split("dropout");
        _layers = [.. Enumerable.Range(0, sizes.Layers)
            .Select(i => AddModule($"layer{i}", new Layer(i, sizes, options, dropout.Split(i))))];
        _hidden = AddModule("hidden", new Conv2d(sizes.Features, sizes.Head, 1, options));
        _last = AddModule("last", new Conv2d(sizes.Head, Outputs, 1, options));
    }

    /// <summary>The vertical stack: what it passes to the horizontal one in each layer.</summary>
    private protected override Tensor[] Above(Tensor x, Tensor? labels, PixelHistory? history)
    {
        Tensor[] above = new Tensor[_layers.Length];
        for (int i = 0; i < _layers.Length; i++) (x, above[i]) = _layers[i].Vertical(x, labels, history, i == 0 ? Positions : null);
        return above;
    }

    /// <summary>The horizontal stack, and the logits from its last layer.</summary>
    private protected override Tensor Along(Tensor x, Tensor[] above, Tensor? labels, PixelHistory? history)
    {
        for (int i = 0; i < _layers.Length; i++) x = _layers[i].Horizontal(x, above[i], labels, history);
        return _last.Forward(_hidden.Forward(x.Relu(), Activation.Relu));
    }

    /// <summary>A layer of both stacks. The first one sees the image, with type A, and has no residual connection.</summary>
    private sealed class Layer : Module
    {
        private readonly bool _isFirst, _isLast;
        private readonly MaskedConv2d _vertical, _horizontal;
        private readonly Conv2d _link, _output;
        private readonly Embedding? _verticalClass, _horizontalClass;
        private readonly Dropout? _dropout;

        internal Layer(int index, PixelCnnSizes sizes, ModuleOptions options, RandomStream random)
        {
            (_isFirst, _isLast) = (index == 0, index == sizes.Layers - 1);
            int h = sizes.Features, inputs = _isFirst ? sizes.Inputs : h, kernel = _isFirst ? sizes.FirstKernel : sizes.Kernel;
            int dilation = _isFirst ? 1 : sizes.Dilations[(index - 1) % sizes.Dilations.Count];
            _vertical = AddModule("vertical",
                new MaskedConv2d(inputs, 2 * h, kernel, _isFirst ? ConvMask.VerticalA : ConvMask.VerticalB, options, dilation));
            _horizontal = AddModule(
                "horizontal", new MaskedConv2d(inputs, 2 * h, (1, kernel), _isFirst ? ConvMask.A : ConvMask.B, options, dilation));
            _link = AddModule("link", new Conv2d(2 * h, 2 * h, 1, options));

            // All but the first layer begin as the identity.
            Initializer? begin = _isFirst ? null : Initializers.Zeros;
            _output = AddModule("output", new Conv2d(h, h, 1, options, weightInitializer: begin, biasInitializer: begin));
            if (sizes.Dropout > 0) _dropout = AddModule("dropout", new Dropout(sizes.Dropout, options with { Random = random }));
            if (sizes.Classes == 0) return;
            if (!_isLast) _verticalClass =
                AddModule("vertical_class", new Embedding(sizes.Classes, 2 * h, options, Initializers.Normal(0, 0.05)));
            _horizontalClass = AddModule("horizontal_class", new Embedding(sizes.Classes, 2 * h, options, Initializers.Normal(0, 0.05)));
        }

        public override Tensor Forward(Tensor x) => throw new NotSupportedException("A layer has two stacks: Vertical and Horizontal.");

        /// <summary>v = gate(W_v * v + c_v), and what the horizontal stack takes from W_v * v; positions are added to that.</summary>
        internal (Tensor Features, Tensor Link) Vertical(Tensor v, Tensor? labels, PixelHistory? history, PixelPositions? positions)
        {
            Tensor units = Convolve(_vertical, v, history);
            if (positions is not null) units = positions.Forward(units, history);
            Tensor link = _link.Forward(units);

            // The vertical stack's last features are not used.
            if (_isLast) return (units, link);
            return ((labels is null ? units : units + OfClass(_verticalClass!, labels)).TanhSigmoidGate(), link);
        }

        /// <summary>h = h + W_o gate(W_h * h + link + c_h)</summary>
        internal Tensor Horizontal(Tensor h, Tensor link, Tensor? labels, PixelHistory? history)
        {
            Tensor units = Convolve(_horizontal, h, history) + link;
            if (labels is not null) units += OfClass(_horizontalClass!, labels);
            Tensor gated = units.TanhSigmoidGate();
            if (_dropout is not null) gated = _dropout.Forward(gated);
            return _isFirst ? _output.Forward(gated) : h + _output.Forward(gated);
        }
    }
}
