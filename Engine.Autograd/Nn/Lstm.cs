using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>
/// Layers of long short-term memory (Hochreiter and Schmidhuber 1997), one on top of the other: [batch, steps, inputs] to [batch, steps, hidden]. The products with
/// the inputs of all steps are one; the gates of a step are one kernel. Gates stand in PyTorch's order i, f, g, o, parameters have PyTorch's names
/// (<c>weight_ih_l0</c>, <c>weight_hh_l0</c>, <c>bias_ih_l0</c>, <c>bias_hh_l0</c>) and start as there, uniform in +-1 / sqrt(hidden).
/// </summary>
public sealed class Lstm : Module
{
    private readonly (Parameter Input, Parameter Hidden, Parameter InputBias, Parameter HiddenBias)[] _layers;
    private readonly Dropout? _dropout;
    private readonly int _inputs;

    /// <summary>Makes the layers.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="hidden">Numbers of a state; at least 1.</param>
    /// <param name="options">Device, type and randomness.</param>
    /// <param name="layers">How many; at least 1.</param>
    /// <param name="dropout">The share of the outputs of each layer but the last that is dropped while training.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public Lstm(int inputs, int hidden, ModuleOptions options, int layers = 1, double dropout = 0)
    {
        RecurrentLayers.Check(nameof(Lstm), inputs, hidden, layers);
        (_inputs, Hidden) = (inputs, hidden);
        Initializer uniform = Initializers.Uniform(-1 / Math.Sqrt(hidden), 1 / Math.Sqrt(hidden));
        int gates = LstmCell.Gates * hidden;
        _layers = new (Parameter, Parameter, Parameter, Parameter)[layers];
        for (int layer = 0; layer < layers; layer++)
        {
            _layers[layer] = (
                NewParameter(RecurrentLayers.Name("weight_ih", layer), [layer == 0 ? inputs : hidden, gates], uniform, options, ParameterLayout.OutputsLast),
                NewParameter(RecurrentLayers.Name("weight_hh", layer), [hidden, gates], uniform, options, ParameterLayout.OutputsLast),
                NewParameter(RecurrentLayers.Name("bias_ih", layer), [gates], uniform, options),
                NewParameter(RecurrentLayers.Name("bias_hh", layer), [gates], uniform, options));
        }

        if (dropout != 0) _dropout = AddModule("dropout", new Dropout(dropout, options));
    }

    /// <summary>Numbers of a state.</summary>
    public int Hidden { get; }

    /// <summary>How many layers there are.</summary>
    public int Layers => _layers.Length;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null, out _);

    /// <summary>The states of the last layer behind every step, from a state before the first.</summary>
    /// <param name="x">[batch, steps, inputs].</param>
    /// <param name="initial">The state before the first step; null for 0.</param>
    /// <param name="last">The state behind the last step. Gradients flow back through it; <see cref="Tensor.Detach"/> cuts them.</param>
    /// <returns>[batch, steps, hidden].</returns>
    /// <exception cref="ArgumentException">A shape or a type does not fit.</exception>
    public Tensor Forward(Tensor x, LstmState? initial, out LstmState last)
    {
        RecurrentLayers.CheckInput(nameof(Lstm), x, _inputs);
        Shape state = [Layers, x.Shape[0], Hidden];
        Tensor[] hidden = new Tensor[Layers], cells = new Tensor[Layers];
        for (int layer = 0; layer < Layers; layer++)
        {
            if (layer > 0 && _dropout is not null) x = _dropout.Forward(x);
            Tensor gates = x.Linear(_layers[layer].Input, _layers[layer].InputBias + _layers[layer].HiddenBias);
            x = gates.Lstm(
                _layers[layer].Hidden, RecurrentLayers.OfLayer(nameof(Lstm), initial?.Hidden, state, layer), RecurrentLayers.OfLayer(nameof(Lstm), initial?.Cell, state, layer), out Tensor cell);
            hidden[layer] = RecurrentLayers.Last(x);
            cells[layer] = cell.Reshape(1, state[1], state[2]);
        }

        last = new LstmState(RecurrentLayers.Stack(hidden), RecurrentLayers.Stack(cells));
        return x;
    }
}
