using static Engine.Tests.Operations.Draws;

namespace Engine.Tests.Operations;

/// <summary>Losses.</summary>
internal static class LossCases
{
    private static readonly Shape[] s_shapes = [[], [1], [17], [5, 16], [2, 3, 5], [2, 1, 3, 2, 1, 3], [3, 100], [131, 257]];

    private static readonly Draw s_probabilities = Between(0.03125, 0.96875);

    private static readonly Draw s_targets = Between(0, 1);

    internal static IEnumerable<OperationCase> All() =>
    [
        .. s_shapes.SelectMany(shape => FromProbabilities("", shape, s_probabilities, s_targets)),
        .. s_shapes.SelectMany(shape => FromLogits("", shape, Between(-4, 4), s_targets)),

        // Probabilities of 0 and 1, and logits so large that e^x overflows: the values alone.
        .. FromProbabilities("at the ends ", [17], OneOf(0, 1), OneOf(0, 1)).Select(c => c with { Orders = 0 }),
        .. FromLogits("large ", [17], Between(-300, 300), OneOf(0, 1)).Select(c => c with { Orders = 0 }),
        .. TermCases.Pairs.Select(pair => pair.First).Distinct().SelectMany(
            shape => Distance("Loss.MeanSquaredError", shape, Loss.MeanSquaredError, (p, t) => (p - t) * (p - t), Any, Any, "")),
        .. TermCases.Pairs.Select(pair => pair.First).Distinct().SelectMany(
            shape => Distance("Loss.L1", shape, Loss.L1, (p, t) => Math.Abs(p - t), Grid(0), Grid(0.125), "equal elements")),
        .. CrossEntropy(),
    ];

    private static IEnumerable<OperationCase> FromProbabilities(string variant, Shape shape, Draw p, Draw t) => TermCases.Of(
        "Loss.BinaryCrossEntropy",
        variant,
        [new Input(shape, p), new Input(shape, t, IsDifferentiable: false)],
        (x, reduction) => Loss.BinaryCrossEntropy(x[0], x[1], reduction),
        v =>
        {
            double loss = -((v[1] * Math.Max(Math.Log(v[0]), -100)) + ((1 - v[1]) * Math.Max(References.Log1p(-v[0]), -100)));
            return (loss, loss);
        },
        termsOfElement: 1);

    private static IEnumerable<OperationCase> FromLogits(string variant, Shape shape, Draw x, Draw t) => TermCases.Of(
        "Loss.BinaryCrossEntropyFromLogits",
        variant,
        [new Input(shape, x), new Input(shape, t, IsDifferentiable: false)],
        (x, reduction) => Loss.BinaryCrossEntropyFromLogits(x[0], x[1], reduction),
        v =>
        {
            double rest = References.Log1p(Math.Exp(-Math.Abs(v[0])));
            return (Math.Max(v[0], 0) - (v[1] * v[0]) + rest, Math.Max(v[0], 0) + Math.Abs(v[1] * v[0]) + rest);
        },
        termsOfElement: 3);

    private static IEnumerable<OperationCase> Distance(
        string operation, Shape shape, Func<Tensor, Tensor, Reduction, Tensor> function, Func<double, double, double> distance,
        Draw prediction, Draw target, string kinks) =>
        TermCases.Of(
            operation,
            "",
            [new Input(shape, prediction), new Input(shape, target)],
            (x, reduction) => function(x[0], x[1], reduction),
            v => (distance(v[0], v[1]), distance(v[0], v[1])),
            termsOfElement: 1).Select(c => c with { Kinks = kinks });

    private static IEnumerable<OperationCase> CrossEntropy()
    {
        foreach ((Shape shape, double smoothing, double range, int? ignored) in ((Shape, double, double, int?)[])
        [
            ([1], 0, 4, null), ([7], 0.1, 4, null), ([5, 10], 0, 4, null), ([5, 10], 0.1, 4, null), ([4, 1], 0, 4, null),
            ([3, 16], 0, 4, null), ([2, 3, 17], 0.2, 4, null), ([2, 100], 0, 4, null), ([2, 130], 0.1, 4, null), ([0, 3], 0, 4, null),
            ([2, 1, 2, 3, 5], 0, 4, null), ([3001, 10], 0.1, 4, null), ([3, 5003], 0.1, 4, null), ([5, 10], 0.1, 1e4, null),
            ([2, 100], 0, 1e4, null),
            ([9, 3], 0, 4, -100), ([4, 3, 5], 0.1, 4, 1), ([7, 130], 0.2, 4, 0), ([3, 4], 0, 4, 1000), ([2], 0.1, 4, int.MinValue),
        ])
        {
            Shape rows = Places.Left(shape, [-1]);
            foreach (Reduction reduction in Enum.GetValues<Reduction>())
            {
                if (rows.Rank == 0 && reduction == Reduction.Rows || rows.Count == 0 && reduction == Reduction.Mean) continue;
                yield return CrossEntropy(shape, rows, smoothing, range, ignored, reduction);
            }
        }
    }

    private static OperationCase CrossEntropy(
        Shape shape, Shape rows, double smoothing, double range, int? ignored, Reduction reduction)
    {
        int classes = shape[-1];
        Shape result = reduction switch { Reduction.None => rows, Reduction.Rows => Places.Left(rows, [-1]), _ => Shape.Scalar };
        int terms = rows.Count / Math.Max(1, result.Count);
        return new OperationCase(
            "Loss.CrossEntropy",
            $"{shape} smoothing {smoothing} range {range} {(ignored is null ? "" : $"ignoring {ignored} ")}{reduction}",
            [new Input(shape, Between(-range, range)), new Input(
                rows, ignored is null ? Index(classes) : OneOf(ignored.Value, 0, classes - 1), IsDifferentiable: false, IsIndex: true)],
            x => Loss.CrossEntropy(x[0], x[1], smoothing, reduction, ignored),
            x =>
            {
                Expected expected = new(result.Count);
                int counted = x[1].Count(label => label != ignored);
                for (int row = 0; row < rows.Count; row++)
                {
                    if (x[1][row] == ignored) continue;
                    double[] z = x[0][(row * classes)..((row + 1) * classes)];
                    double maximum = z.Max();
                    double logSum = Math.Log(z.Sum(value => Math.Exp(value - maximum)));
                    double weight = reduction == Reduction.Mean ? 1.0 / counted : 1;
                    for (int j = 0; j < classes; j++)
                    {
                        double target = (j == (int)x[1][row] ? 1 - smoothing : 0) + (smoothing / classes);
                        expected.Values[row / terms] += weight * target * (logSum + maximum - z[j]);
                        expected.Terms[row / terms] += weight * ((target * (Math.Abs(maximum) + Math.Abs(z[j]))) + (logSum + 1) / classes);
                    }
                }

                return expected;
            },
            Tolerance.Terms(terms * classes)) { Orders = range > 100 ? 0 : 2 };
    }
}
