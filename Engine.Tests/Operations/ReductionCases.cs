using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Reductions over inner, outer, middle and all axes, and the operations over rows.</summary>
internal static class ReductionCases
{
    private static readonly (Shape Shape, int[] Axes)[] s_reductions =
    [
        ([], []), ([1], []), ([17], []), ([47], [0]), ([5, 16], [0]), ([5, 16], [1]), ([7, 1], [-1]), ([1, 7], [0]), ([3, 1, 11], [1]),
        ([2, 3, 5], [0, 2]), ([2, 3, 5], [1]),
        ([2, 3, 5], []), ([3, 2, 2, 5], [1, 2]), ([2, 1, 3, 1, 5], [-1, 0]), ([2, 3, 1, 2, 2, 3], [1, 4]), ([33, 2], [0]), ([2, 49], [1]),
        ([1031, 131], [0]), ([131, 1031], [1]), ([131, 1031], []), ([37, 11, 101], [1]),
    ];

    private static readonly Shape[] s_rows =
        [[1], [7], [17], [3, 1], [5, 15], [3, 16], [2, 31], [2, 3, 5], [2, 1, 3, 1, 2, 7], [1, 48], [2, 49], [1031, 10], [131, 257]];

    internal static IEnumerable<OperationCase> All() =>
    [
        .. Reduced("Tensor.Sum", (x, axes) => x.Sum(axes), x => (x.Sum(), x.Sum(Math.Abs)), Any),
        .. Reduced("Tensor.Mean", (x, axes) => x.Mean(axes), x => (x.Sum() / x.Length, x.Sum(Math.Abs) / x.Length), Any),
        .. Reduced("Tensor.Max", (x, axes) => x.Max(axes), x => (x.Max(), 0), Apart, Exact, "equal elements"),
        .. Reduced("Tensor.Min", (x, axes) => x.Min(axes), x => (x.Min(), 0), Apart, Exact, "equal elements"),
        .. Reduced("Tensor.LogSumExp", (x, axes) => x.LogSumExp(axes), LogSumExp, Any),
        .. Reduced("Tensor.Variance", (x, axes) => x.Variance(axes), Variance, Any),
        .. Reduced("Tensor.Norm", (x, axes) => x.Norm(axes), x => (Length(x), Length(x)), AwayFrom(0), kinks: "vectors of zeros"),
        .. CumSum(),
        .. ArgMax(),
        .. SumTo(),
        .. Rows("Tensor.Softmax", x => x.Softmax(), Softmax),
        .. Rows("Tensor.LogSoftmax", x => x.LogSoftmax(), LogSoftmax),
    ];

    private static IEnumerable<OperationCase> Reduced(
        string operation, Func<Tensor, int[], Tensor> function, Func<double[], (double Value, double Terms)> reference, Draw draw,
        Tolerance? tolerance = null, string kinks = "")
    {
        foreach ((Shape shape, int[] axes) in s_reductions)
        {
            int[][] groups = Places.Groups(shape, axes);
            yield return new OperationCase(
                operation,
                $"{shape} axes {(axes.Length == 0 ? "all" : string.Join(", ", axes))}",
                [new Input(shape, draw)],
                x => function(x[0], axes),
                x =>
                {
                    (double Value, double Terms)[] results =
                        Array.ConvertAll(groups, group => reference(Array.ConvertAll(group, i => x[0][i])));
                    return new Expected([.. results.Select(result => result.Value)], [.. results.Select(result => result.Terms)]);
                },
                tolerance ?? Terms(groups[0].Length)) { Kinks = kinks };
        }
    }

    // m + log(sum): the terms are both summands, and 1 for what the relative error of the sum makes of its logarithm.
    private static (double, double) LogSumExp(double[] x)
    {
        double m = x.Max();
        double log = Math.Log(x.Sum(value => Math.Exp(value - m)));
        return (m + log, Math.Abs(m) + Math.Abs(log) + 1);
    }

    private static (double, double) Variance(double[] x)
    {
        double mean = x.Sum() / x.Length;
        double variance = x.Sum(value => (value - mean) * (value - mean)) / x.Length;
        return (variance, variance);
    }

    private static double Length(double[] x) => Math.Sqrt(x.Sum(value => value * value));

    private static IEnumerable<OperationCase> CumSum()
    {
        foreach ((Shape shape, int axis) in ((Shape, int)[])
            [([1], 0), ([17], 0), ([5, 16], 0), ([5, 16], -1), ([3, 0], 1), ([2, 3, 5], 1), ([2, 1, 3, 2, 1, 3], 5), ([33, 131], 1),
                ([1031, 7], 0)])
        {
            int along = axis < 0 ? axis + shape.Rank : axis;
            int[][] all = Places.All(shape);
            yield return new OperationCase(
                "Tensor.CumSum", $"{shape} axis {axis}", [new Input(shape, Any)], x => x[0].CumSum(axis), x =>
                {
                    Expected y = new(shape.Count);
                    foreach (int[] place in all)
                    {
                        int[] from = [.. place];
                        for (from[along] = 0; from[along] <= place[along]; from[along]++)
                            y.Add(Places.At(shape, place), x[0][Places.At(shape, from)]);
                    }

                    return y;
                },
                Terms(Math.Max(1, shape[along])));
        }
    }

    private static IEnumerable<OperationCase> ArgMax()
    {
        foreach ((Shape shape, int[] axes) in s_reductions)
        {
            if (axes.Length != 1) continue;
            int[][] groups = Places.Groups(shape, axes);
            yield return new OperationCase(
                "Tensor.ArgMax",
                $"{shape} axis {axes[0]}",
                [new Input(shape, OneOf(-1, 0, 0.5, 0.75), IsDifferentiable: false)],
                x => x[0].ArgMax(axes[0]),
                x => new Expected(Array.ConvertAll(groups, group =>
                {
                    int best = 0;
                    for (int i = 1; i < group.Length; i++)
                        if (x[0][group[i]] > x[0][group[best]]) best = i;
                    return (double)best;
                })),
                Exact) { Orders = 0 };
        }
    }

    private static IEnumerable<OperationCase> SumTo()
    {
        foreach ((Shape from, Shape to) in (
            (Shape, Shape)[])[([17], [17]), ([5, 16], [16]), ([5, 16], [5, 1]), ([5, 16], []), ([2, 3, 5], [3, 1]),
            ([2, 2, 3, 1, 2, 3], [2, 1, 1, 2, 1]), ([1031, 33], [33])])
        {
            int[] places = Places.Broadcast(to, from);
            yield return new OperationCase(
                "Tensor.SumTo",
                $"{from} to {to}",
                [new Input(from, Any)],
                x => x[0].SumTo(to),
                x =>
                {
                    Expected sums = new(to.Count);
                    for (int i = 0; i < places.Length; i++) sums.Add(places[i], x[0][i]);
                    return sums;
                },
                Terms(from.Count / to.Count));
        }
    }

    private static IEnumerable<OperationCase> Rows(
        string operation, Func<Tensor, Tensor> function, Func<double[], (double, double)[]> reference) =>
        s_rows.Select(shape => new OperationCase(
            operation,
            $"{shape}",
            [new Input(shape, Any)],
            x => function(x[0]),
            x =>
            {
                (double Value, double Terms)[] results = [.. x[0].Chunk(shape[-1]).SelectMany(reference)];
                return new Expected([.. results.Select(result => result.Value)], [.. results.Select(result => result.Terms)]);
            },
            Terms(shape[-1])));

    private static (double, double)[] Softmax(double[] row)
    {
        double m = row.Max();
        double sum = row.Sum(x => Math.Exp(x - m));
        return Array.ConvertAll(row, x => (Math.Exp(x - m) / sum, Math.Exp(x - m) / sum));
    }

    // x - m - log(sum): the summands, and 1 for what the relative error of the sum makes of its logarithm.
    private static (double, double)[] LogSoftmax(double[] row)
    {
        double m = row.Max();
        double log = Math.Log(row.Sum(x => Math.Exp(x - m)));
        return Array.ConvertAll(row, x => (x - m - log, Math.Abs(x - m) + Math.Abs(log) + 1));
    }
}
