using Engine.Autograd;
using Engine.Kernels;
using static Engine.Tests.Draws;
using static Engine.Tests.Tolerance;

namespace Engine.Tests;

/// <summary>Losses: a mean adds up as many terms as there are elements, an element of a logit's loss three.</summary>
internal static class LossCases
{
    private static readonly Shape[] s_shapes = [[], [1], [17], [5, 16], [2, 3, 5], [2, 1, 3, 2, 1, 3], [131, 257]];

    private static readonly Draw s_probabilities = Between(0.03125, 0.96875);

    private static readonly Draw s_targets = Between(0, 1);

    internal static IEnumerable<OperationCase> All() =>
    [
        .. s_shapes.Select(shape => Elements("Loss.BinaryCrossEntropyElements", "", shape, s_probabilities, s_targets, Loss.BinaryCrossEntropyElements, FromProbability, Ulps(4))),
        .. s_shapes.Select(shape => Mean("Loss.BinaryCrossEntropy", shape, s_probabilities, s_targets, Loss.BinaryCrossEntropy, FromProbability, 1)),
        .. s_shapes.Select(shape => Elements("Loss.BinaryCrossEntropyFromLogitsElements", "", shape, Between(-4, 4), s_targets, Loss.BinaryCrossEntropyFromLogitsElements, FromLogit, Terms(3))),
        .. s_shapes.Select(shape => Mean("Loss.BinaryCrossEntropyFromLogits", shape, Between(-4, 4), s_targets, Loss.BinaryCrossEntropyFromLogits, FromLogit, 3)),

        // Probabilities of 0 and 1, and logits so large that e^x overflows: the values alone.
        Elements("Loss.BinaryCrossEntropyElements", "at the ends ", [17], OneOf(0, 1), OneOf(0, 1), Loss.BinaryCrossEntropyElements, FromProbability, Ulps(4)) with { Orders = 0 },
        Elements("Loss.BinaryCrossEntropyFromLogitsElements", "large ", [17], Between(-300, 300), OneOf(0, 1), Loss.BinaryCrossEntropyFromLogitsElements, FromLogit, Terms(3)) with { Orders = 0 },
        .. MeanSquaredError(),
    ];

    private static (double Value, double Terms) FromProbability(double p, double t)
    {
        double loss = -((t * Math.Max(Math.Log(p), -100)) + ((1 - t) * Math.Max(References.Log1p(-p), -100)));
        return (loss, loss);
    }

    private static (double Value, double Terms) FromLogit(double x, double t)
    {
        double rest = References.Log1p(Math.Exp(-Math.Abs(x)));
        return (Math.Max(x, 0) - (t * x) + rest, Math.Max(x, 0) + Math.Abs(t * x) + rest);
    }

    private static OperationCase Elements(
        string operation, string option, Shape shape, Draw x, Draw t, Func<Tensor, Tensor, Tensor> function, Func<double, double, (double Value, double Terms)> reference, Tolerance tolerance) =>
        new(
            operation,
            $"{option}{shape}",
            [new Input(shape, x), new Input(shape, t, IsDifferentiable: false)],
            v => function(v[0], v[1]),
            v => new Expected([.. v[0].Zip(v[1], (x, t) => reference(x, t).Value)], [.. v[0].Zip(v[1], (x, t) => reference(x, t).Terms)]),
            tolerance);

    private static OperationCase Mean(
        string operation, Shape shape, Draw x, Draw t, Func<Tensor, Tensor, Tensor> function, Func<double, double, (double Value, double Terms)> reference, int termsOfElement) =>
        new(
            operation,
            $"{shape}",
            [new Input(shape, x), new Input(shape, t, IsDifferentiable: false)],
            v => function(v[0], v[1]),
            v => new Expected([v[0].Zip(v[1], (x, t) => reference(x, t).Value).Average()], [v[0].Zip(v[1], (x, t) => reference(x, t).Terms).Average()]),
            Terms(shape.Count * termsOfElement));

    private static IEnumerable<OperationCase> MeanSquaredError()
    {
        foreach ((Shape prediction, Shape target) in ((Shape, Shape)[])[([], []), ([17], [17]), ([5, 16], [16]), ([2, 3, 5], [3, 1]), ([2, 1, 3, 2, 1, 3], [1, 1]), ([131, 257], [131, 257])])
        {
            yield return new OperationCase(
                "Loss.MeanSquaredError",
                $"{prediction} {target}",
                [new Input(prediction, Any), new Input(target, Any)],
                x => Loss.MeanSquaredError(x[0], x[1]),
                x =>
                {
                    double mean = Elementwise.Broadcast(prediction, target, x[0], x[1], (p, t) => (p - t) * (p - t)).Average();
                    return new Expected([mean], [mean]);
                },
                Terms(prediction.Count));
        }
    }
}
