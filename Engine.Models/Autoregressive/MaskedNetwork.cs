using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Models.Autoregressive;

/// <summary>
/// A fully connected network in which the outputs of a dimension depend on the dimensions before it alone (Germain et al. 2015,
/// arXiv:1502.03509): [batch, dimensions] to [batch, parameters, dimensions]. With one parameter, a logit, it is <see cref="Made"/>; with a
/// shift and a scale the conditioner of an autoregressive flow.
/// </summary>
public sealed class MaskedNetwork : Module
{
    private readonly MaskedLinear[] _hidden;
    private readonly Activation _activation;
    private readonly Dropout? _dropout;

    /// <summary>Creates the network.</summary>
    /// <param name="masks">Orders the dimensions, and says how many hidden layers of which widths there are, and how much context.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="parameters">Outputs of each dimension; at least 1.</param>
    /// <param name="activation">What follows each hidden layer; null takes ReLU.</param>
    /// <param name="direct">Whether inputs are connected to outputs directly, too.</param>
    /// <param name="zeroOutput">True to begin with outputs that are all 0: an autoregressive flow then begins as the identity.</param>
    /// <param name="dropout">The share of hidden units that are dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no parameters, or the dropout is not in [0, 1).</exception>
    public MaskedNetwork(
        AutoregressiveMasks masks, ModuleOptions options, int parameters = 1, Activation? activation = null, bool direct = false,
        bool zeroOutput = false, double dropout = 0)
    {
        ArgumentNullException.ThrowIfNull(masks);
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters, 1);
        (Masks, ParametersPerDimension) = (masks, parameters);
        _activation = activation ?? Activation.Relu;
        Initializer? initializer = zeroOutput ? Initializers.Zeros : null;
        int inputs = masks.Inputs, outputs = parameters * masks.Dimensions;
        _hidden = new MaskedLinear[masks.Layers];
        int width = inputs;
        for (int layer = 0; layer < _hidden.Length; layer++)
        {
            float[] mask = masks.Hidden(layer);
            _hidden[layer] = AddModule($"hidden{layer}", new MaskedLinear(width, mask.Length / width, mask, options));
            width = mask.Length / width;
        }

        Output = AddModule("output", new MaskedLinear(width, outputs, masks.Output(parameters), options, true, initializer, initializer));
        if (dropout != 0) _dropout = AddModule("dropout", new Dropout(dropout, options));
        if (direct) Direct = AddModule(
            "direct", new MaskedLinear(inputs, outputs, masks.Direct(parameters), options, false, initializer ?? Initializers.Zeros));
    }

    /// <summary>The masks in use.</summary>
    public AutoregressiveMasks Masks { get; private set; }

    /// <summary>The number of dimensions.</summary>
    public int Dimensions => Masks.Dimensions;

    /// <summary>Outputs of each dimension.</summary>
    public int ParametersPerDimension { get; }

    /// <summary>The last layer.</summary>
    public MaskedLinear Output { get; }

    /// <summary>The connections from inputs to outputs; null when there are none.</summary>
    public MaskedLinear? Direct { get; }

    /// <summary>Replaces the masks of the same weights: another ordering, or other degrees of the hidden units.</summary>
    /// <param name="masks">Masks for as many dimensions and hidden layers of the same widths.</param>
    /// <exception cref="ArgumentException">The masks are for a network of other extents; nothing was changed.</exception>
    public void Use(AutoregressiveMasks masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Layers != _hidden.Length || masks.Inputs != Masks.Inputs || masks.Dimensions != Dimensions)
        {
            throw new ArgumentException(
                $"Masks for {Dimensions} dimensions of {Masks.Inputs} inputs and {_hidden.Length} hidden layers were expected, "
                + $"found such for {masks.Dimensions} of {masks.Inputs} and {masks.Layers}.");
        }

        float[][] all = [.. _hidden.Select((_, layer) => masks.Hidden(layer)), masks.Output(ParametersPerDimension)];
        MaskedLinear[] layers = [.. _hidden, Output];
        for (int i = 0; i < layers.Length; i++)
        {
            if (all[i].Length != layers[i].Mask.Count)
                throw new ArgumentException(
                    $"Masks for layer {i} of shape {layers[i].Mask.Shape} were expected, found one of {all[i].Length} elements.");
        }

        for (int i = 0; i < layers.Length; i++) layers[i].SetMask(all[i]);
        Direct?.SetMask(masks.Direct(ParametersPerDimension));
        Masks = masks;
    }

    /// <summary>Whether the layers hold these masks; those of a file may be others.</summary>
    /// <param name="masks">Masks for as many dimensions and hidden layers of the same widths.</param>
    internal bool Holds(AutoregressiveMasks masks)
    {
        if (Output.Mask.Device.IsMeasuring) return true;
        for (int i = 0; i < _hidden.Length; i++)
            if (!Same(_hidden[i], masks.Hidden(i))) return false;
        return Same(Output, masks.Output(ParametersPerDimension));

        static bool Same(MaskedLinear layer, float[] mask) =>
            layer.Mask.ToDoubles().AsSpan().SequenceEqual(Array.ConvertAll(mask, connected => (double)connected));
    }

    /// <summary>The parameters of every dimension: [batch, parameters, dimensions] for x of [batch, dimensions].</summary>
    /// <exception cref="ArgumentException">The shape does not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank != 2 || x.Shape[1] != Masks.Inputs)
            throw new ArgumentException($"MaskedNetwork: expected [batch, {Masks.Inputs}], found {x.Shape}.");
        Tensor h = x;
        foreach (MaskedLinear layer in _hidden)
        {
            h = layer.Forward(h, _activation);
            if (_dropout is not null) h = _dropout.Forward(h);
        }

        Tensor y = Output.Forward(h);
        if (Direct is not null) y += Direct.Forward(x);
        return y.Reshape(x.Shape[0], ParametersPerDimension, Dimensions);
    }

    /// <summary>Likewise with a context that every output may depend on.</summary>
    /// <param name="x">[batch, dimensions].</param>
    /// <param name="context">[batch, context], as many columns as the masks have context.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor context) => Forward(Tensor.Concat(1, x, context));
}
