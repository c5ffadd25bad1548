using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Makes the cases of losses and likelihoods: an elementwise formula of inputs that broadcast, with every reduction.</summary>
internal static class TermCases
{
    /// <summary>
    /// Shapes of two inputs, the first one being the larger: a scalar, rows beside the widths of vectors, samples that share a target, rows
    /// that are one number, rows that GPU threads share, and one that host threads do.
    /// </summary>
    internal static (Shape First, Shape Second)[] Pairs { get; } =
    [
        ([], []), ([1], [1]), ([17], [17]), ([5, 16], [5, 16]), ([2, 33], [33]), ([3, 2, 5], [2, 5]), ([2, 3, 7], [3, 1]), ([4, 1], [4, 1]),
        ([2, 1, 3, 2, 1, 3], [2, 1, 1, 2, 1, 3]),
        ([2, 100], [2, 100]), ([0, 3], [0, 3]), ([3, 0], [3, 0]), ([131, 257], [131, 257]), ([2, 4001], [2, 4001]), ([3, 7, 300], [7, 300]),
    ];

    /// <summary>The cases of one operation.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="variant">What comes before shapes and reduction in the case's name.</param>
    /// <param name="inputs">Shapes and draws of the inputs.</param>
    /// <param name="function">The operation.</param>
    /// <param name="element">The value of an element, and the sum of what it is the sum of, without signs.</param>
    /// <param name="termsOfElement">How many those are.</param>
    internal static IEnumerable<OperationCase> Of(
        string operation, string variant, Input[] inputs, Func<Tensor[], Reduction, Tensor> function,
        Func<double[], (double Value, double Terms)> element, int termsOfElement)
    {
        Shape shape = inputs[0].Shape;
        foreach (Input input in inputs) Assert(Shape.TryBroadcast(shape, input.Shape, out shape));
        int[][] places = Array.ConvertAll(inputs, input => Places.Broadcast(input.Shape, shape));
        foreach (Reduction reduction in Enum.GetValues<Reduction>())
        {
            if (shape.Rank == 0 && reduction == Reduction.Rows || shape.Count == 0 && reduction == Reduction.Mean) continue;
            Shape result = reduction switch { Reduction.None => shape, Reduction.Rows => Places.Left(shape, [-1]), _ => Shape.Scalar };
            int terms = shape.Count / Math.Max(1, result.Count);
            yield return new OperationCase(
                operation,
                $"{variant}{string.Join(" ", inputs.Select(input => input.Shape))} {reduction}",
                inputs,
                x => function(x, reduction),
                x =>
                {
                    Expected expected = new(result.Count);
                    for (int i = 0; i < shape.Count; i++)
                    {
                        (double value, double absolute) = element([.. x.Select((values, k) => values[places[k][i]])]);
                        double weight = reduction == Reduction.Mean ? 1.0 / shape.Count : 1;
                        expected.Values[i / terms] += weight * value;
                        expected.Terms[i / terms] += weight * absolute;
                    }

                    return expected;
                },
                Terms(terms * termsOfElement));
        }
    }

    private static void Assert(bool holds)
    {
        if (!holds) throw new ArgumentException("The inputs of a case do not broadcast.");
    }
}
