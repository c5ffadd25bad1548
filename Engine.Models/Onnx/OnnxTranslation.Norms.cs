using Engine.Autograd;
using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Models.Onnx;

// Normalisations.
internal sealed partial class OnnxTranslation
{
    private Func<OnnxStep, string>? Normalization(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.BatchNorm) => BatchNorm,
        nameof(Tensor.LayerNorm) => LayerNorm,
        nameof(Tensor.GroupNorm) or nameof(Tensor.InstanceNorm) => step => GroupNorm(step, isActivated: false),
        nameof(Tensor.GroupNormSilu) => step => GroupNorm(step, isActivated: true),
        _ => null,
    };

    private string BatchNorm(OnnxStep step)
    {
        (double epsilon, Activation activation) = step.Details<(double, Activation)>();
        int channels = step.Y.Shape[-1];
        string[] of = [Factors(step, 1, 1, channels), Factors(step, 2, 0, channels), In(step, 3), In(step, 4)];
        if (step.X.Shape.Rank == 4) return ChannelsLast(Normalized(ChannelsFirst(In(step))));
        if (step.X.Shape.Rank == 2) return Normalized(In(step));

        // Every position as a sample
        string normalized = Normalized(Reshaped(In(step), -1, channels));
        return _graph.Node("Reshape", [normalized, ShapeOf(step.Y.Shape, step.Second.Outputs[0].Shape)]);

        string Normalized(string x) => Activated(_graph.Node("BatchNormalization", [x, .. of], ("epsilon", epsilon)), activation);
    }

    private string LayerNorm(OnnxStep step)
    {
        (_, double epsilon) = step.Details<(int, double)>();
        int features = step.Y.Shape[-1];
        return _graph.Node(
            "LayerNormalization", [In(step), Factors(step, 1, 1, features), Factors(step, 2, 0, features)], ("axis", -1),
            ("epsilon", epsilon));
    }

    // The groups of an image as the channels of an instance normalisation over what they hold
    private string GroupNorm(OnnxStep step, bool isActivated)
    {
        (int groups, double epsilon) = step.Details<(int, double)>();
        Shape shape = step.X.Shape;
        int rank = shape.Rank, channels = shape[-1];
        long[] each = [channels, .. Enumerable.Repeat(1L, rank - 2)];
        int[] toFirst = [0, rank - 1, .. Enumerable.Range(1, rank - 2)], toLast = [0, .. Enumerable.Range(2, rank - 2), 1];
        string x = rank == 4 ? ChannelsFirst(In(step)) : _graph.Node("Transpose", [In(step)], ("perm", toFirst));
        if (step.Has(3)) x = _graph.Node("Add", [x, Reshaped(In(step, 3), [0, .. each])]);
        string normalized = _graph.Node(
            "InstanceNormalization",
            [
                Reshaped(x, 0, groups, -1), Constant("ones", step.Type, [groups], Filled(groups, 1)),
                Constant("zeros", step.Type, [groups], Filled(groups, 0)),
            ],
            ("epsilon", epsilon));
        string y = Reshaped(normalized, [0, channels, .. Enumerable.Range(1, rank - 2).Select(axis => (long)shape[axis])]);
        if (step.Has(1)) y = _graph.Node("Mul", [y, Shaped(step, 1, each)]);
        if (step.Has(2)) y = _graph.Node("Add", [y, Shaped(step, 2, each)]);
        if (isActivated) y = TimesSigmoid(y);
        return rank == 4 ? ChannelsLast(y) : _graph.Node("Transpose", [y], ("perm", toLast));
    }

    /// <summary>A factor or summand of each channel, or the one that changes nothing.</summary>
    private string Factors(OnnxStep step, int place, double none, int count) =>
        step.Has(place) ? In(step, place) : Constant("constant", step.Type, [count], Filled(count, none));

    private static double[] Filled(int count, double value)
    {
        double[] values = new double[count];
        Array.Fill(values, value);
        return values;
    }
}
