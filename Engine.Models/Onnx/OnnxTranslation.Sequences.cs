using Engine.Autograd;
using Engine.Autograd.Tracing;
using Engine.Kernels;

namespace Engine.Models.Onnx;

// Recurrent layers. The engine's operations take what inputs add to the gates, ONNX's the inputs: between them is the identity, its rows in
// the order of ONNX's gates.
internal sealed partial class OnnxTranslation
{
    // The places of ONNX's gates among the engine's: i, o, f, c in i, f, g, o, and z, r, h in r, z, n.
    private static readonly int[] s_lstmGates = [0, 3, 1, 2], s_gruGates = [1, 0, 2];

    private Func<OnnxStep, string[]>? Sequence(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.Lstm) => Lstm,
        nameof(Tensor.Gru) => Gru,
        _ => null,
    };

    private string[] Lstm(OnnxStep step)
    {
        (string[] inputs, int hidden) = Recurrent(step, s_lstmGates, bias: null, states: [2, 3]);
        string[] results = _graph.Nodes("LSTM", 3, inputs, ("hidden_size", hidden));
        return [States(results[0]), _graph.Node("Squeeze", [results[2], _graph.Longs(0)])];
    }

    private string[] Gru(OnnxStep step)
    {
        (string[] inputs, int hidden) = Recurrent(step, s_gruGates, bias: 2, states: [3]);
        return [States(_graph.Nodes("GRU", 2, inputs, ("hidden_size", hidden), ("linear_before_reset", 1))[0])];
    }

    private (string[] Inputs, int Hidden) Recurrent(OnnxStep step, int[] gates, int? bias, int[] states)
    {
        Tensor weight = step.First.Inputs[1]!;
        if (first.Trace.Depends(weight)) throw new OnnxException(
            $"{step.First.Name} has no ONNX form with a weight that depends on an input, found {weight.Shape}.");
        int hidden = weight.Shape[0], rows = gates.Length * hidden;

        // The engine's gate and unit of each row of ONNX's matrices
        int[] of = [.. gates.SelectMany(gate => Enumerable.Range(gate * hidden, hidden))];
        double[] identity = new double[rows * rows], recurrent = new double[rows * hidden], values = weight.ToDoubles();
        for (int row = 0; row < rows; row++)
        {
            identity[(row * rows) + of[row]] = 1;
            for (int k = 0; k < hidden; k++) recurrent[(row * hidden) + k] = values[(k * rows) + of[row]];
        }

        string biases = "";
        if (bias is { } place && step.Has(place))
        {
            double[] own = step.First.Inputs[place]!.ToDoubles();
            biases = Constant("bias", step.Type, [1, 2 * rows], [.. new double[rows], .. of.Select(from => own[from])]);
        }

        return (
        [
            _graph.Node("Transpose", [In(step)], ("perm", (int[])[1, 0, 2])),
            Constant("identity", step.Type, [1, rows, rows], identity),
            Constant((weight as Autograd.Nn.Parameter)?.FullName ?? "weight", step.Type, [1, rows, hidden], recurrent),
            biases,
            "",
            .. states.Select(state => step.Has(state) ? _graph.Node("Unsqueeze", [In(step, state), _graph.Longs(0)]) : ""),
        ], hidden);
    }

    // [steps, 1, batch, hidden] to [batch, steps, hidden]
    private string States(string all) =>
        _graph.Node("Transpose", [_graph.Node("Squeeze", [all, _graph.Longs(1)])], ("perm", (int[])[1, 0, 2]));
}
