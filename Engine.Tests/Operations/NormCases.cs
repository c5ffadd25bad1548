using Engine.Autograd;
using Engine.Kernels;
using static Engine.Tests.Draws;
using static Engine.Tests.Tolerance;

namespace Engine.Tests;

/// <summary>
/// Normalisations, beside the width of vectors and the number of rows from which sums are cut into parts. What a result is off by goes with
/// the terms |x| and |mean| of the distance from the mean, in deviations.
/// </summary>
internal static class NormCases
{
    private const double Epsilon = 1e-5;

    private static readonly Activation s_leaky = Activation.LeakyRelu(0.25);

    internal static IEnumerable<OperationCase> All() =>
    [
        .. ((Shape[])[[3, 1], [5, 2], [4, 15], [7, 16], [6, 17], [9, 33], [2, 3, 5], [2, 3, 2, 4], [2, 1, 2, 3, 1, 3], [260, 3], [258, 17], [1031, 37], [131, 257], [4000, 20]])
            .SelectMany(shape => (OperationCase[])[Batch(shape, true), Batch(shape, true, activation: s_leaky), Batch(shape, false, activation: Activation.Relu)]),
        Batch([5, 3], true, gamma: false),
        Batch([5, 3], true, beta: false),
        Batch([5, 3], true, gamma: false, beta: false, activation: Activation.Relu),
        Batch([5, 3], true, activation: Activation.Tanh),
        Batch([5, 3], true, activation: Activation.Sigmoid),
        Batch([5, 3], false),
        Batch([1, 3], false),
        Batch([5, 3], false, gamma: false, beta: false, activation: s_leaky),
        Batch([5, 3], false, activation: Activation.Tanh),
    ];

    private static OperationCase Batch(Shape shape, bool training, bool gamma = true, bool beta = true, Activation activation = default)
    {
        int channels = shape[-1];
        Input[] inputs =
        [
            new(shape, Any), .. Optional(gamma, channels), .. Optional(beta, channels), new([channels], Any, IsDifferentiable: false),
            new([channels], Positive, IsDifferentiable: false),
        ];
        return new OperationCase(
            "Tensor.BatchNorm",
            $"{shape} {(training ? "training" : "evaluation")}{Factors(gamma, beta)} {activation.Kind}",
            inputs,
            t => t[0].BatchNorm(gamma ? t[1] : null, beta ? t[gamma ? 2 : 1] : null, t[^2], t[^1], training, 0.1, Epsilon, activation),
            v =>
            {
                Expected y = new(shape.Count);
                for (int c = 0; c < channels; c++)
                {
                    int[] places = [.. Enumerable.Range(0, shape.Count / channels).Select(row => (row * channels) + c)];
                    (double mean, double variance) = training ? Moments(places.Select(i => v[0][i])) : (v[^2][c], v[^1][c]);
                    foreach (int i in places) Set(y, i, v[0][i], mean, variance, gamma ? v[1][c] : 1, beta ? v[gamma ? 2 : 1][c] : 0, activation, shape.Count < 1000);
                }

                return y;
            },
            Terms(shape.Count / channels)) { Kinks = activation.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu ? "normalised x = 0" : "" };
    }

    private static Input[] Optional(bool there, int channels) => there ? [new Input([channels], AwayFrom(0))] : [];

    private static string Factors(bool gamma, bool beta) => (gamma, beta) switch { (true, true) => "", (true, false) => " gamma", (false, true) => " beta", _ => " plain" };

    private static (double Mean, double Variance) Moments(IEnumerable<double> x)
    {
        double[] values = [.. x];
        double mean = values.Sum() / values.Length;
        return (mean, values.Sum(value => (value - mean) * (value - mean)) / values.Length);
    }

    private static void Set(Expected y, int place, double x, double mean, double variance, double gamma, double beta, Activation activation, bool awayFromKink)
    {
        double reciprocal = 1 / Math.Sqrt(variance + Epsilon);
        double z = ((x - mean) * reciprocal * gamma) + beta;
        bool kink = activation.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu;

        // Differences must not step over the kink.
        if (kink && awayFromKink && Math.Abs(z) < 2e-4) throw new InvalidOperationException($"Element {place} is {z}, too near the kink: draw others.");
        y.Values[place] = activation.Kind switch
        {
            ActivationKind.Relu => Math.Max(z, 0),
            ActivationKind.LeakyRelu => z < 0 ? activation.Slope * z : z,
            ActivationKind.Tanh => Math.Tanh(z),
            ActivationKind.Sigmoid => References.Sigmoid(z),
            _ => z,
        };
        y.Terms[place] = ((Math.Abs(x) + Math.Abs(mean)) * reciprocal * Math.Abs(gamma)) + Math.Abs(beta);
    }
}
