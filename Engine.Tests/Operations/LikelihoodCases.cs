using static Engine.Tests.Operations.Draws;

namespace Engine.Tests.Operations;

/// <summary>Log-likelihoods and divergences.</summary>
internal static class LikelihoodCases
{
    internal static IEnumerable<OperationCase> All() =>
    [
        .. TermCases.Pairs.SelectMany(pair => Bernoulli("", pair.First, pair.Second, Between(-4, 4), Between(0, 1), isSmooth: true)),
        .. Bernoulli("large ", [3, 50], [50], Between(-300, 300), OneOf(0, 1), isSmooth: false),
        .. Bernoulli("far below ", [3, 50], [50], Between(-40, -10), OneOf(0), isSmooth: false),
        .. TermCases.Pairs.SelectMany(pair => Gaussian(pair.First, pair.Second)),
        .. TermCases.Pairs.SelectMany(pair => Logistic("", pair.First, pair.Second, Any, Between(-3, 1), -1, 1, 256)),
        .. Logistic("levels 0 to 1 ", [3, 20], [20], Between(-0.5, 1.5), Between(-5, 0), 0, 1, 16),
        .. Logistic("far away ", [3, 50], [50], Between(-40, 40), Between(-6, -2), -1, 1, 256).Select(c => c with { Orders = 0 }),
        .. TermCases.Pairs.SelectMany(pair => DiscretizedGaussian("", pair.First, pair.Second, Any, Between(-2, 1), -1, 1, 16)),
        .. DiscretizedGaussian("256 levels ", [3, 20], [20], Between(-1, 1), Between(-3, 0), -1, 1, 256).Select(c => c with { Orders = 0 }),
        .. DiscretizedGaussian("far away ", [3, 50], [50], Between(-1.2, 1.2), Between(-8, -5), -1, 1, 256)
        .Select(c => c with { Orders = 0 }),
        .. TermCases.Pairs.SelectMany(pair => ToStandard(pair.First, pair.Second)),
        .. TermCases.Pairs.SelectMany(pair => Gaussians(pair.First, pair.Second)),
    ];

    private static IEnumerable<OperationCase> Bernoulli(
        string variant, Shape logits, Shape x, Draw drawLogits, Draw drawX, bool isSmooth) => TermCases.Of(
        "LogLikelihood.Bernoulli",
        variant,
        [new Input(logits, drawLogits), new Input(x, drawX)],
        (t, reduction) => LogLikelihood.Bernoulli(t[0], t[1], reduction),
        v =>
        {
            double rest = References.Log1p(Math.Exp(-Math.Abs(v[0])));
            return ((v[1] * v[0]) - Math.Max(v[0], 0) - rest, Math.Abs(v[1] * v[0]) + Math.Max(v[0], 0) + rest);
        },
        termsOfElement: 3).Select(c => isSmooth ? c : c with { Orders = 0 });

    private static IEnumerable<OperationCase> Gaussian(Shape first, Shape second) => TermCases.Of(
        "LogLikelihood.Gaussian",
        "",
        [new Input(first, Any), new Input(second, Any), new Input(second, Any)],
        (t, reduction) => LogLikelihood.Gaussian(t[0], t[1], t[2], reduction),
        v =>
        {
            double square = Math.Pow(v[0] - v[1], 2) * Math.Exp(-v[2]);
            double constant = Math.Log(2 * Math.PI);
            return (-0.5 * (constant + v[2] + square), 0.5 * (constant + Math.Abs(v[2]) + square));
        },
        termsOfElement: 3);

    private static IEnumerable<OperationCase> Logistic(
        string variant, Shape first, Shape second, Draw mean, Draw logScale, double low, double high, int levels)
    {
        double step = (high - low) / (levels - 1);
        return TermCases.Of(
            "LogLikelihood.DiscretizedLogistic",
            variant,
            [new Input(first, Levels(low, step, levels)), new Input(second, mean), new Input(first, logScale)],
            (t, reduction) => LogLikelihood.DiscretizedLogistic(t[0], t[1], t[2], reduction, low, high, levels),
            v =>
            {
                double inverse = Math.Exp(-v[2]), a = (v[0] - v[1] + (step / 2)) * inverse, b = (v[0] - v[1] - (step / 2)) * inverse;
                bool isFirst = v[0] < low + (step / 2), isLast = v[0] > high - (step / 2);
                double last = isLast ? 0 : References.Softplus(-a), first = isFirst ? 0 : References.Softplus(b);

                // log(1 - e^-d)
                double inner = isFirst || isLast ? 0 : b - a < -0.5 ? References.Log1p(-Math.Exp(b - a))
                    : Math.Log(-References.Expm1(-step * inverse));

                // The arguments of the softplus are rounded before: that moves it by its slope times as much.
                double rounding = (Math.Abs(a) * References.Sigmoid(-a)) + (Math.Abs(b) * References.Sigmoid(b));
                return (inner - last - first, Math.Abs(inner) + last + first + rounding);
            },
            termsOfElement: 3);
    }

    /// <summary>Levels of pixels; both ends are drawn often, besides those between.</summary>
    private static Draw Levels(double low, double step, int levels) => (random, count) =>
        [.. Enumerable.Range(0, count).Select(i => low + (step * (i % 3 == 0 ? random.Next(2) * (levels - 1) : random.Next(levels))))];

    private static IEnumerable<OperationCase> DiscretizedGaussian(
        string variant, Shape first, Shape second, Draw mean, Draw logVariance, double low, double high, int levels)
    {
        double step = (high - low) / (levels - 1);
        return TermCases.Of(
            "LogLikelihood.DiscretizedGaussian",
            variant,
            [new Input(first, Levels(low, step, levels)), new Input(second, mean), new Input(first, logVariance)],
            (t, reduction) => LogLikelihood.DiscretizedGaussian(t[0], t[1], t[2], reduction, low, high, levels),
            v =>
            {
                double inverse = Math.Exp(-v[2] / 2), a = (v[0] - v[1] - (step / 2)) * inverse, b = (v[0] - v[1] + (step / 2)) * inverse;
                bool isFirst = v[0] < low + (step / 2), isLast = v[0] > high - (step / 2);

                // Mirrored where that leaves the smaller tails.
                (double near, double far) = a + b > 0 ? (a, b) : (-b, -a);
                double tail = References.LogNormalTail(near);
                double log = isFirst ? References.LogNormalTail(-b) : isLast ? References.LogNormalTail(a)
                    : near < 0.5 ? Math.Log(0.5 * (References.Erf(far / Math.Sqrt(2)) - References.Erf(near / Math.Sqrt(2))))
                    : tail + References.Log1p(-Math.Exp(References.LogNormalTail(far) - tail));

                // What the ends are rounded by moves the logarithm by the density over the probability; the difference of tails loses what
                // they have in common.
                double Density(double x) => Math.Abs(x) * Math.Exp((-x * x / 2) - (0.5 * Math.Log(2 * Math.PI)) - log);
                double rounding = (isFirst ? 0 : Density(a)) + (isLast ? 0 : Density(b))
                    + (isFirst || isLast ? 0 : 4 * Math.Exp(tail - log));
                return (log, (2 * Math.Abs(log)) + (2 * rounding) + 2);
            },
            termsOfElement: 4);
    }

    private static IEnumerable<OperationCase> ToStandard(Shape first, Shape second) => TermCases.Of(
        "KullbackLeibler.ToStandardGaussian",
        "",
        [new Input(first, Any), new Input(second, Any)],
        (t, reduction) => KullbackLeibler.ToStandardGaussian(t[0], t[1], reduction),
        v => (0.5 * ((v[0] * v[0]) + Math.Exp(v[1]) - 1 - v[1]), 0.5 * ((v[0] * v[0]) + Math.Exp(v[1]) + 1 + Math.Abs(v[1]))),
        termsOfElement: 4);

    private static IEnumerable<OperationCase> Gaussians(Shape first, Shape second) => TermCases.Of(
        "KullbackLeibler.Gaussians",
        "",
        [new Input(first, Any), new Input(first, Any), new Input(second, Any), new Input(second, Any)],
        (t, reduction) => KullbackLeibler.Gaussians(t[0], t[1], t[2], t[3], reduction),
        v =>
        {
            double square = Math.Pow(v[0] - v[2], 2) * Math.Exp(-v[3]);
            double ratio = Math.Exp(v[1] - v[3]);
            return (0.5 * (v[3] - v[1] + ratio + square - 1), 0.5 * (Math.Abs(v[3]) + Math.Abs(v[1]) + ratio + square + 1));
        },
        termsOfElement: 5);
}
