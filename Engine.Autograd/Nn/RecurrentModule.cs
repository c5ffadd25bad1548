using System.Globalization;
using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>
/// Recurrent layers, one on top of the other: [batch, steps, inputs] to [batch, steps, hidden]. The products with the inputs of all steps
/// are one; the gates of a step are one kernel. Parameters have PyTorch's names (<c>weight_ih_l0</c>, <c>weight_hh_l0</c>,
/// <c>bias_ih_l0</c>, <c>bias_hh_l0</c>) and start as there, uniform in +-1 / sqrt(hidden).
/// </summary>
public abstract class RecurrentModule : Module
{
    private readonly LayerParameters[] _layers;
    private readonly Dropout? _dropout;
    private readonly int _inputs;

    private protected RecurrentModule(int gates, int inputs, int hidden, ModuleOptions options, int layers, double dropout)
    {
        if (inputs < 1 || hidden < 1 || layers < 1)
            throw new ArgumentOutOfRangeException(
                nameof(layers), $"{GetType().Name}: inputs, hidden and layers must be at least 1, found {inputs}, {hidden} and {layers}.");
        if (!(dropout is >= 0 and < 1)) throw new ArgumentOutOfRangeException(
            nameof(dropout), dropout, $"{GetType().Name}: the share that is dropped must be in [0, 1), found {dropout}.");
        Shape.Of(GetType().Name, Math.Max(inputs, hidden), gates, hidden);
        (_inputs, Hidden) = (inputs, hidden);
        Initializer uniform = Initializers.Uniform(-1 / Math.Sqrt(hidden), 1 / Math.Sqrt(hidden));
        _layers = new LayerParameters[layers];
        for (int layer = 0; layer < layers; layer++)
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"_l{layer}");
            _layers[layer] = new LayerParameters(
                NewParameter("weight_ih" + suffix, [layer == 0 ? inputs : hidden, gates * hidden], uniform, options,
                    ParameterLayout.OutputsLast),
                NewParameter("weight_hh" + suffix, [hidden, gates * hidden], uniform, options, ParameterLayout.OutputsLast),
                NewParameter("bias_ih" + suffix, [gates * hidden], uniform, options),
                NewParameter("bias_hh" + suffix, [gates * hidden], uniform, options));
        }

        if (dropout != 0) _dropout = AddModule("dropout", new Dropout(dropout, options));
    }

    /// <summary>Features of a state.</summary>
    public int Hidden { get; }

    /// <summary>How many layers there are.</summary>
    public int Layers => _layers.Length;

    private protected LayerParameters Layer(int layer) => _layers[layer];

    private protected void CheckInput(Tensor x)
    {
        if (x.Shape.Rank != 3 || x.Shape[2] != _inputs || x.Count == 0)
            throw new ArgumentException(
                $"{GetType().Name}: expected [batch, steps, {_inputs}] with at least one sequence and one step, found {x.Shape}.");
        Tape.OpenFloating(GetType().Name, x, _layers[0].Input);
    }

    /// <summary>What comes into a layer: the output of the one below, parts of it dropped.</summary>
    private protected Tensor Input(Tensor x, int layer) => layer > 0 && _dropout is not null ? _dropout.Forward(x) : x;

    /// <summary>The state of one layer, [batch, hidden]; null where there is none.</summary>
    private protected Tensor? OfLayer(Tensor? state, int batch, int layer)
    {
        if (state is null) return null;
        Shape expected = [Layers, batch, Hidden];
        if (state.Shape != expected) throw new ArgumentException(
            $"{GetType().Name}: expected a state {expected}, [layers, batch, hidden], found {state.Shape}.");
        Tape.OpenFloating(GetType().Name, state, _layers[0].Input);
        return state.Slice(0, layer, 1).Reshape(batch, Hidden);
    }

    /// <summary>The states after the last step, [1, batch, hidden], from those after every step.</summary>
    private protected static Tensor Last(Tensor output) =>
        output.Slice(1, output.Shape[1] - 1, 1).Reshape(1, output.Shape[0], output.Shape[2]);

    private protected static Tensor Stack(Tensor[] layers) => layers.Length == 1 ? layers[0] : Tensor.Concat(0, layers);

    /// <summary>The weights of a layer's inputs and of its state, with a bias for each.</summary>
    private protected readonly record struct LayerParameters(Parameter Input, Parameter Hidden, Parameter InputBias, Parameter HiddenBias);
}
