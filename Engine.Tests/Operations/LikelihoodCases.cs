using Engine.Autograd;
using Engine.Kernels;
using static Engine.Tests.Draws;

namespace Engine.Tests;

/// <summary>Log-likelihoods and divergences.</summary>
internal static class LikelihoodCases
{
    internal static IEnumerable<OperationCase> All() =>
    [
        .. TermCases.Pairs.SelectMany(pair => Bernoulli("", pair.First, pair.Second, Between(-4, 4), Between(0, 1), isSmooth: true)),
        .. Bernoulli("large ", [3, 50], [50], Between(-300, 300), OneOf(0, 1), isSmooth: false),
        .. Bernoulli("far below ", [3, 50], [50], Between(-40, -10), OneOf(0), isSmooth: false),
        .. TermCases.Pairs.SelectMany(pair => Gaussian(pair.First, pair.Second)),
        .. TermCases.Pairs.SelectMany(pair => ToStandard(pair.First, pair.Second)),
        .. TermCases.Pairs.SelectMany(pair => Gaussians(pair.First, pair.Second)),
    ];

    private static IEnumerable<OperationCase> Bernoulli(string variant, Shape logits, Shape x, Draw drawLogits, Draw drawX, bool isSmooth) => TermCases.Of(
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
