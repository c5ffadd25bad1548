using Engine.Autograd;
using Engine.Autograd.Tracing;
using Engine.Kernels;

namespace Engine.Models.Onnx;

// Operations that move elements, and those that reduce axes.
internal sealed partial class OnnxTranslation
{
    private Func<OnnxStep, string>? Move(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.Reshape) => Reshape,
        nameof(Tensor.Detach) => step => _graph.Node("Identity", [In(step)]),
        nameof(Tensor.Permute) => step => _graph.Node("Transpose", [In(step)], ("perm", step.Details<int[]>())),
        nameof(Tensor.Slice) => Slice,
        nameof(Tensor.Pad) => Pad,
        nameof(Tensor.Concat) => Concat,
        nameof(Tensor.BroadcastTo) => step => _graph.Node("Expand", [In(step), ShapeOf(step.Y.Shape, step.Second.Outputs[0].Shape)]),
        nameof(Tensor.Gather) => step => _graph.Node("Gather", [In(step), In(step, 1)], ("axis", 0)),
        nameof(Tensor.Cast) => step => _graph.Node("Cast", [In(step)], ("to", (int)OnnxTypes.Of(step.Y.DType))),
        _ => null,
    };

    private string Reshape(OnnxStep step)
    {
        (Shape one, Shape other) = (step.Y.Shape, step.Second.Outputs[0].Shape);
        bool[] varies = [.. Enumerable.Range(0, one.Rank).Select(axis => one[axis] != other[axis])];
        return varies.Count(v => v) == 1 && one.Count > 0
            ? Reshaped(In(step), [.. Longs(one).Select((extent, axis) => varies[axis] ? -1 : extent)])
            : _graph.Node("Reshape", [In(step), ShapeOf(one, other)], ("allowzero", one.Count == 0));
    }

    private string Slice(OnnxStep step)
    {
        int[] from = step.Details<int[]>();
        (Shape x, Shape otherX, Shape y, Shape otherY) =
            (step.X.Shape, step.Second.Inputs[0]!.Shape, step.Y.Shape, step.Second.Outputs[0].Shape);
        List<long> starts = [], ends = [], axes = [];
        for (int axis = 0; axis < from.Length; axis++)
        {
            if (x[axis] == y[axis] && otherX[axis] == otherY[axis]) continue;
            if (y[axis] != otherY[axis]) throw OnnxStep.Varies(nameof(Tensor.Slice), "which part it takes");
            starts.Add(from[axis]);
            ends.Add((long)from[axis] + y[axis]);
            axes.Add(axis);
        }

        return axes.Count == 0 ? _graph.Node("Identity", [In(step)])
            : _graph.Node("Slice", [In(step), _graph.Longs([.. starts]), _graph.Longs([.. ends]), _graph.Longs([.. axes])]);
    }

    private string Pad(OnnxStep step)
    {
        (int axis, int before, int after, double value) = step.Details<(int, int, int, double)>();
        int rank = step.X.Shape.Rank;
        long[] places = new long[2 * rank];
        (places[axis], places[rank + axis]) = (before, after);
        return _graph.Node("Pad", [In(step), _graph.Longs(places), Scalar(value, step.Type)], ("mode", "constant"));
    }

    private string Concat(OnnxStep step)
    {
        int axis = step.Details<int>();
        string[] parts = [.. Enumerable.Range(0, step.First.Inputs.Length).Select(place => In(step, place))];
        return axis == 3 && step.Y.Shape.Rank == 4 && parts.All(_channelsFirst.ContainsKey)
            ? ChannelsLast(_graph.Node("Concat", [.. parts.Select(part => _channelsFirst[part])], ("axis", 1)))
            : _graph.Node("Concat", parts, ("axis", axis));
    }

    private Func<OnnxStep, string>? Reduction(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.Sum) => Reduced("ReduceSum"),
        nameof(Tensor.Mean) => Reduced("ReduceMean"),
        nameof(Tensor.Max) => Reduced("ReduceMax"),
        nameof(Tensor.Min) => Reduced("ReduceMin"),
        nameof(Tensor.LogSumExp) => Reduced("ReduceLogSumExp"),
        nameof(Tensor.Norm) => Reduced("ReduceL2"),
        nameof(Tensor.Variance) => Variance,
        nameof(Tensor.ArgMax) => step => _graph.Node(
            "Cast", [_graph.Node("ArgMax", [In(step)], ("axis", step.Details<int>()), ("keepdims", 0))], ("to", (int)OnnxType.Int32)),
        _ => null,
    };

    private Func<OnnxStep, string> Reduced(string type) => step => _graph.Node(type, [In(step), Axes(step)], ("keepdims", 0));

    private string Axes(OnnxStep step)
    {
        int[] axes = step.Details<int[]>();
        return _graph.Longs([.. (axes.Length > 0 ? axes : Enumerable.Range(0, step.X.Shape.Rank)).Select(axis => (long)axis)]);
    }

    // mean((x - mean x)²)
    private string Variance(OnnxStep step)
    {
        string distance = _graph.Node("Sub", [In(step), _graph.Node("ReduceMean", [In(step), Axes(step)], ("keepdims", 1))]);
        return _graph.Node("ReduceMean", [_graph.Node("Mul", [distance, distance]), Axes(step)], ("keepdims", 0));
    }
}
