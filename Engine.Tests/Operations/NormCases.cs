using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>
/// Normalisations, beside the width of vectors and the number of rows from which sums are cut into parts. What a result is off by goes with
/// the terms |x| and |mean| of the distance from the mean, in deviations. Where two values alone are normalised, their gradient is all
/// cancellation: there are three at least.
/// </summary>
internal static class NormCases
{
    private const double Epsilon = 1e-5;

    private static readonly Activation s_leaky = Activation.LeakyRelu(0.25);

    internal static IEnumerable<OperationCase> All() =>
    [
        .. ((Shape[])[[3, 1], [5, 2], [4, 15], [7, 16], [6, 17], [9, 33], [2, 3, 5], [2, 3, 2, 4], [2, 1, 2, 3, 1, 3], [260, 3], [258, 17],
            [1031, 37], [131, 257], [4000, 20]])
            .SelectMany(shape => (OperationCase[])[Batch(shape, true), Batch(shape, true, activation: s_leaky),
                Batch(shape, false, activation: Activation.Relu)]),
        Batch([5, 3], true, gamma: false),
        Batch([5, 3], true, beta: false),
        Batch([5, 3], true, gamma: false, beta: false, activation: Activation.Relu),
        Batch([5, 3], true, activation: Activation.Tanh),
        Batch([5, 3], true, activation: Activation.Sigmoid),
        Batch([5, 3], false),
        Batch([1, 3], false),
        Batch([5, 3], false, gamma: false, beta: false, activation: s_leaky),
        Batch([5, 3], false, activation: Activation.Tanh),
        .. ((Shape[])[[3], [7], [16], [4, 3], [5, 15], [3, 33], [2, 3, 5], [2, 1, 2, 1, 2, 7], [1031, 10], [131, 257], [3, 5000]])
        .Select(shape => Layer(shape)),
        Layer([3, 2]) with { Orders = 0 },
        Layer([5, 7], gamma: false),
        Layer([5, 7], beta: false),
        Layer([5, 7], gamma: false, beta: false),
        .. (((Shape, int)[])[([3, 4], 1), ([3, 6], 2), ([2, 5, 6], 3), ([2, 3, 2, 8], 8), ([3, 2, 3, 18], 2), ([1, 2, 2, 2, 2, 5], 1),
            ([5, 7, 9, 34], 2), ([130, 4, 4, 12], 3), ([2, 20, 20, 16], 4)])
            .Select(c => Group(c.Item1, c.Item2)),
        .. ((Shape[])[[2, 3, 4], [2, 2, 3, 5], [3, 17, 16], [5, 7, 9, 33], [130, 4, 4, 12]]).Select(shape => Group(shape, 0)),
        Group([2, 5, 6], 0, gamma: false, beta: false),
        Group([2, 5, 6], 2, gamma: false),
        Group([2, 5, 6], 2, beta: false),
        Group([2, 5, 6], 2, gamma: false, beta: false),
        .. (((Shape, int)[])[([3, 4], 1), ([3, 6], 2), ([2, 5, 6], 3), ([2, 3, 2, 8], 2), ([3, 2, 3, 18], 2), ([5, 7, 9, 34], 2),
            ([130, 4, 4, 12], 3), ([2, 20, 20, 16], 4)])
            .SelectMany(c => (OperationCase[])[GroupSilu(c.Item1, c.Item2, true), GroupSilu(c.Item1, c.Item2, false)]),
        GroupSilu([2, 5, 6], 2, true, gamma: false),
        GroupSilu([2, 5, 6], 2, true, beta: false),
        GroupSilu([2, 5, 6], 2, false, gamma: false, beta: false),
    ];

    private static OperationCase Layer(Shape shape, bool gamma = true, bool beta = true) => new(
        "Tensor.LayerNorm",
        $"{shape}{Factors(gamma, beta)}",
        [new(shape, Any), .. Optional(gamma, shape[-1]), .. Optional(beta, shape[-1])],
        t => t[0].LayerNorm(gamma ? t[1] : null, beta ? t[^1] : null, Epsilon),
        v => Grouped(v, shape.Count / shape[-1], 1, shape[-1], 1, gamma, beta),
        Terms(shape[-1]));

    private static OperationCase Group(Shape shape, int groups, bool gamma = true, bool beta = true)
    {
        // No groups: one for each channel.
        bool ofInstances = groups == 0;
        if (ofInstances) groups = shape[-1];
        int positions = shape.Count / shape[0] / shape[-1];
        return new OperationCase(
            ofInstances ? "Tensor.InstanceNorm" : "Tensor.GroupNorm",
            $"{shape} {(ofInstances ? "" : $"{groups} group{(groups > 1 ? "s" : "")}")}{Factors(gamma, beta)}",
            [new(shape, Any), .. Optional(gamma, shape[-1]), .. Optional(beta, shape[-1])],
            t => ofInstances
                ? t[0].InstanceNorm(gamma ? t[1] : null, beta ? t[^1] : null, Epsilon)
                : t[0].GroupNorm(groups, gamma ? t[1] : null, beta ? t[^1] : null, Epsilon),
            v => Grouped(v, shape[0], positions, shape[-1], groups, gamma, beta),
            Terms(positions * shape[-1] / groups));
    }

    private static OperationCase GroupSilu(Shape shape, int groups, bool shift, bool gamma = true, bool beta = true)
    {
        int positions = shape.Count / shape[0] / shape[-1], channels = shape[-1];
        return new OperationCase(
            "Tensor.GroupNormSilu",
            $"{shape} {groups} group{(groups > 1 ? "s" : "")}{Factors(gamma, beta)}{(shift ? " shift" : "")}",
            [new(shape, Any), .. Optional(gamma, channels), .. Optional(beta, channels), .. shift
                ? (Input[])[new([shape[0], channels], Any)] : []],
            t => t[0].GroupNormSilu(groups, gamma ? t[1] : null, beta ? t[gamma ? 2 : 1] : null, shift ? t[^1] : null, Epsilon),
            v =>
            {
                // What is added comes before all else, and SiLU after; its slope is at most 1.1.
                double[][] shifted = [[.. v[0].Select(
                    (x, i) => shift ? x + v[^1][(i / (positions * channels) * channels) + (i % channels)] : x)], .. shift ? v[1..^1]
                        : v[1..]];
                Expected norm = Grouped(shifted, shape[0], positions, channels, groups, gamma, beta), y = new(shape.Count);
                for (int i = 0; i < shape.Count; i++)
                {
                    double n = norm.Values[i];
                    y.Values[i] = n * References.Sigmoid(n);
                    y.Terms[i] = (1.1 * norm.Terms[i]) + Math.Abs(n);
                }

                return y;
            },
            Terms(positions * channels / groups));
    }

    private static Expected Grouped(double[][] v, int images, int positions, int channels, int groups, bool gamma, bool beta)
    {
        Expected y = new(v[0].Length);
        int width = channels / groups;
        for (int image = 0; image < images; image++)
        {
            for (int set = 0; set < groups; set++)
            {
                int[] places =
                [
                    .. from position in Enumerable.Range(0, positions)
                       from c in Enumerable.Range(set * width, width)
                       select (((image * positions) + position) * channels) + c,
                ];
                (double mean, double variance) = Moments(places.Select(i => v[0][i]));
                foreach (int i in places)
                    Set(y, i, v[0][i], mean, variance, gamma ? v[1][i % channels] : 1, beta ? v[^1][i % channels] : 0, Activation.None,
                        false);
            }
        }

        return y;
    }

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
                    foreach (int i in places) Set(
                        y, i, v[0][i], mean, variance, gamma ? v[1][c] : 1, beta ? v[gamma ? 2 : 1][c] : 0, activation, shape.Count < 1000);
                }

                return y;
            },
            Terms(shape.Count / channels)) {
                Kinks = activation.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu ? "normalised x = 0" : "" };
    }

    private static Input[] Optional(bool there, int channels) => there ? [new Input([channels], AwayFrom(0))] : [];

    private static string Factors(bool gamma, bool beta) =>
        (gamma, beta) switch { (true, true) => "", (true, false) => " gamma", (false, true) => " beta", _ => " plain" };

    private static (double Mean, double Variance) Moments(IEnumerable<double> x)
    {
        double[] values = [.. x];
        double mean = values.Sum() / values.Length;
        return (mean, values.Sum(value => (value - mean) * (value - mean)) / values.Length);
    }

    private static void Set(
        Expected y, int place, double x, double mean, double variance, double gamma, double beta, Activation activation, bool awayFromKink)
    {
        double reciprocal = 1 / Math.Sqrt(variance + Epsilon);
        double z = ((x - mean) * reciprocal * gamma) + beta;
        bool kink = activation.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu;

        // Differences must not step over the kink.
        if (kink && awayFromKink && Math.Abs(z) < 2e-4) throw new InvalidOperationException(
            $"Element {place} is {z}, too near the kink: draw others.");
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
