using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Weights as functions of others.</summary>
internal static class ReparameterizationCases
{
    internal static IEnumerable<OperationCase> All()
    {
        foreach ((Shape shape, int axis) in ((Shape, int)[])
            [([5], 0), ([1, 1], 1), ([7, 3], 1), ([3, 16], 0), ([3, 3, 2, 5], -1), ([4, 4, 3, 2], 2), ([67, 131], -1)])
        {
            int along = axis < 0 ? axis + shape.Rank : axis, outputs = shape[along], rest = shape.Count / outputs;
            int[] output = Array.ConvertAll(Places.All(shape), place => place[along]);
            yield return new OperationCase(
                "Tensor.WeightNorm", $"{shape} axis {axis}", [new Input(shape, AwayFrom(0)), new Input([outputs], Any)],
                x => x[0].WeightNorm(x[1], axis), x =>
                {
                    double[] squares = new double[outputs];
                    for (int i = 0; i < output.Length; i++) squares[output[i]] += x[0][i] * x[0][i];
                    return WithTerms([.. x[0].Select((v, i) => x[1][output[i]] * v / Math.Sqrt(squares[output[i]]))]);
                },
                Terms(8));

            // A weight of one element is 1 whatever it is: its gradient is what rounding leaves of 0.
            if (shape.Count == 1) continue;

            // Vectors and weights of one sign, so that the singular value is far from 0.
            int[] place = PlacesInOutput(output, outputs);
            yield return new OperationCase(
                "Tensor.SpectralNorm", $"{shape} axis {axis}",
                [new Input(shape, Positive), new Input([outputs], Positive, IsDifferentiable: false),
                    new Input([rest], Positive, IsDifferentiable: false)],
                x => x[0].SpectralNorm(x[1], x[2], axis), x =>
                {
                    double sigma = x[0].Select((w, i) => x[2][place[i]] * w * x[1][output[i]]).Sum();
                    return WithTerms(Array.ConvertAll(x[0], w => w / sigma));
                },
                Terms(8));
        }
    }

    private static Expected WithTerms(double[] values) => new(values, Array.ConvertAll(values, Math.Abs));

    /// <summary>For each element, how many before it belong to the same output.</summary>
    private static int[] PlacesInOutput(int[] output, int outputs)
    {
        int[] next = new int[outputs];
        return Array.ConvertAll(output, o => next[o]++);
    }
}
