using Engine.Autograd;
using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Models.Onnx;

// Products of matrices, and attention.
internal sealed partial class OnnxTranslation
{
    private Func<OnnxStep, string>? Product(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.MatMul) => MatMul,
        nameof(Tensor.Linear) or nameof(Tensor.MaskedLinear) => Linear,
        nameof(Tensor.Softmax) => step => _graph.Node("Softmax", [In(step)], ("axis", -1)),
        nameof(Tensor.LogSoftmax) => step => _graph.Node("LogSoftmax", [In(step)], ("axis", -1)),
        nameof(Tensor.SelfAttention) => SelfAttention,
        nameof(Tensor.Attention) => step =>
            Attention(step, In(step), In(step, 1), In(step, 2), step.X.Shape, step.First.Inputs[1]!.Shape[1]),
        nameof(Tensor.TanhSigmoidGate) => step => Gated(step, "Tanh"),
        nameof(Tensor.GatedLinearUnit) => step => Gated(step, "Identity"),
        nameof(Tensor.ConcatElu) => ConcatElu,
        _ => null,
    };

    private string MatMul(OnnxStep step)
    {
        (bool transposeLeft, bool transposeRight) = step.Details<(bool, bool)>();
        return _graph.Node("MatMul", [Transposed(step, 0, transposeLeft), Transposed(step, 1, transposeRight)]);
    }

    /// <summary>An argument, with its two innermost axes exchanged where that is asked for.</summary>
    private string Transposed(OnnxStep step, int place, bool isTransposed)
    {
        if (!isTransposed) return In(step, place);
        int[] axes = [.. Enumerable.Range(0, step.First.Inputs[place]!.Shape.Rank)];
        (axes[^1], axes[^2]) = (axes[^2], axes[^1]);
        return _graph.Node("Transpose", [In(step, place)], ("perm", axes));
    }

    private string Linear(OnnxStep step)
    {
        string product = _graph.Node("MatMul", [In(step), In(step, 1)]);
        (_, Activation activation) = step.Details<(object?, Activation)>();
        return Activated(step.Has(2) ? _graph.Node("Add", [product, In(step, 2)]) : product, activation);
    }

    // Queries, keys and values beside each other
    private string SelfAttention(OnnxStep step)
    {
        Shape packed = step.X.Shape;
        int channels = packed[2] / 3;
        string[] parts = _graph.Nodes("Split", 3, [In(step), _graph.Longs(channels, channels, channels)], ("axis", 2));
        return Attention(step, parts[0], parts[1], parts[2], packed.With(2, channels), packed[1]);
    }

    // softmax(Q Kᵀ / sqrt(width)) V of each head, [batch, heads, time, width]
    private string Attention(OnnxStep step, string queries, string keys, string values, Shape of, int count)
    {
        (int heads, bool causal) = step.Details<(int, bool)>();
        (int time, int channels) = (of[1], of[2]);
        int width = channels / heads;
        string scores = _graph.Node("MatMul", [Heads(queries, time, 0, 2, 1, 3), Heads(keys, count, 0, 2, 3, 1)]);
        scores = _graph.Node("Mul", [scores, Scalar(1 / Math.Sqrt(width), step.Type)]);
        if (causal) scores = _graph.Node("Add", [scores, Constant("mask", step.Type, [time, count], Mask(time, count))]);
        string found = _graph.Node("MatMul", [_graph.Node("Softmax", [scores], ("axis", -1)), Heads(values, count, 0, 2, 1, 3)]);
        return Reshaped(_graph.Node("Transpose", [found], ("perm", (int[])[0, 2, 1, 3])), 0, time, channels);

        string Heads(string x, int positions, params int[] axes) =>
            _graph.Node("Transpose", [Reshaped(x, 0, positions, heads, width)], ("perm", axes));
    }

    /// <summary>-infinity at the keys that come after a query; queries are the last of the keys' positions.</summary>
    private static double[] Mask(int queries, int keys)
    {
        double[] mask = new double[queries * keys];
        for (int i = 0; i < queries; i++)
            mask.AsSpan((i * keys) + i + keys - queries + 1, queries - 1 - i).Fill(double.NegativeInfinity);
        return mask;
    }

    // f(a) sigmoid(b) of the two halves of the innermost axis, and what is added to it
    private string Gated(OnnxStep step, string type)
    {
        int width = step.Y.Shape[-1];
        string[] halves = _graph.Nodes("Split", 2, [In(step), _graph.Longs(width, width)], ("axis", -1));
        string gated = _graph.Node("Mul", [_graph.Node(type, [halves[0]]), _graph.Node("Sigmoid", [halves[1]])]);
        return step.First.Inputs.Length > 1 && step.Has(1) ? _graph.Node("Add", [gated, In(step, 1)]) : gated;
    }

    private string ConcatElu(OnnxStep step) => _graph.Node(
        "Concat", [_graph.Node("Elu", [In(step)]), _graph.Node("Elu", [_graph.Node("Neg", [In(step)])])], ("axis", -1));
}
