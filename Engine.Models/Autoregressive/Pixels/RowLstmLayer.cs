using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Recurrent;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// A residual layer of PixelRNN with a Row LSTM (van den Oord et al. 2016, arXiv:1601.06759, sections 3.1 and 3.3): x + W h of features
/// [batch, rows, columns, 2 hidden]. What the input adds to the gates comes from a masked convolution along the row, for the whole image at
/// once: a pixel sees itself and its neighbour to the left, the two taps of three that the mask leaves. What the row above adds is a
/// convolution of three taps.
/// </summary>
internal sealed class RowLstmLayer : Module
{
    private const int Taps = 3;
    private readonly Parameter _inputWeight, _inputBias, _stateWeight;
    private readonly Linear _output;
    private readonly int _hidden;

    internal RowLstmLayer(int hidden, ModuleOptions options)
    {
        _hidden = hidden;
        int gates = LstmCell.Gates * hidden, seen = (Taps + 1) / 2;
        double bound = 1 / Math.Sqrt(2 * hidden * seen);
        _inputWeight = NewParameter(
            "input_weight", [1, seen, 2 * hidden, gates], Initializers.LinearDefault, options, ParameterLayout.OutputsLast);
        _inputBias = NewParameter("input_bias", [gates], Initializers.Uniform(-bound, bound), options);
        _stateWeight = NewParameter(
            "state_weight", [1, Taps, hidden, gates], Initializers.LinearDefault, options, ParameterLayout.OutputsLast);
        _output = AddModule("output", new Linear(hidden, 2 * hidden, options));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null, out _);

    /// <summary>Some rows, from the state of the row above them.</summary>
    /// <param name="x">[batch, rows, columns, 2 hidden].</param>
    /// <param name="above">h and c of the row above; null at the top of an image.</param>
    /// <param name="last">h and c of the last row.</param>
    internal Tensor Forward(Tensor x, (Tensor Hidden, Tensor Cell)? above, out (Tensor Hidden, Tensor Cell) last)
    {
        (int batch, int rows, int columns) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor gates = x.Conv2d(_inputWeight, _inputBias, new Conv2dOptions(1, new Conv2dPadding(0, 0, (Taps - 1) / 2, 0)));
        Tensor h = gates.RowLstm(_stateWeight, above?.Hidden, above?.Cell, out Tensor cell);
        last = (h.Slice(1, rows - 1, 1).Reshape(batch, columns, _hidden), cell);
        return x + _output.Forward(h);
    }
}
