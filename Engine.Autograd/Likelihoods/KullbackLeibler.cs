using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

/// <summary>Kullback-Leibler divergences of distributions, in nats; reduced as in <see cref="LogLikelihood"/>.</summary>
public static class KullbackLeibler
{
    /// <summary>
    /// KL(N(mean, e^logVariance) || N(0, 1)) = (mean² + e^logVariance - 1 - logVariance) / 2 of independent variables (Kingma and Welling
    /// 2013, arXiv:1312.6114, appendix B).
    /// </summary>
    /// <param name="mean">The means: [..., n].</param>
    /// <param name="logVariance">The logarithms of the variances, broadcast with the means.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor ToStandardGaussian(Tensor mean, Tensor logVariance, Reduction reduction = Reduction.Rows)
    {
        Terms terms = new("KullbackLeibler.ToStandardGaussian", reduction, ("mean", mean), ("log-variance", logVariance));
        Tensor y = terms.Run(default(DivergenceToStandard), mean, logVariance);

        // dmean = g mean; dlogVariance = g (e^logVariance - 1) / 2
        return terms.Record(
            y,
            terms.Rule(mean, g => g * mean, g => terms.Fused(default(Multiply), g, mean)),
            terms.Rule(logVariance, g => 0.5 * g * Expm1(logVariance),
                g => terms.Fused(default(DivergenceToStandardGradient), g, logVariance)));
    }

    /// <summary>
    /// KL(N(m, e^s) || N(n, e^t)) = (t - s + e^(s - t) + (m - n)² e^-t - 1) / 2 of independent variables: from the first distribution to
    /// the second.
    /// </summary>
    /// <param name="mean">m, the means of the first: [..., n].</param>
    /// <param name="logVariance">s, the logarithms of its variances.</param>
    /// <param name="otherMean">n, the means of the second.</param>
    /// <param name="otherLogVariance">t, the logarithms of its variances. All four broadcast.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor Gaussians(
        Tensor mean, Tensor logVariance, Tensor otherMean, Tensor otherLogVariance, Reduction reduction = Reduction.Rows)
    {
        (Tensor m, Tensor s, Tensor n, Tensor t) = (mean, logVariance, otherMean, otherLogVariance);
        Terms terms = new("KullbackLeibler.Gaussians", reduction, ("mean", m), ("log-variance", s), ("other mean", n),
            ("other log-variance", t));
        Tensor y = terms.Run(default(DivergenceOfGaussians), m, s, n, t);

        // dm = g (m - n) e^-t = -dn; ds = g (e^(s - t) - 1) / 2; dt = -ds - g (m - n)² e^-t / 2
        return terms.Record(
            y,
            terms.Rule(m, g => LogLikelihood.InDeviations(m - n, t, out Tensor root) * g * root * root,
                g => terms.Fused(default(GaussianMeanGradient), g, m, n, t)),
            terms.Rule(s, g => 0.5 * g * Expm1(s - t), g => terms.Fused(default(DivergenceOfGaussiansGradient), g, s, t)),
            terms.Rule(n, g => LogLikelihood.InDeviations(n - m, t, out Tensor root) * g * root * root,
                g => terms.Fused(default(GaussianMeanGradient), g, n, m, t)),
            terms.Rule(t, g =>
            {
                Tensor z = LogLikelihood.InDeviations(m - n, t, out _), half = -0.5 * g;
                return (half * Expm1(s - t)) + (half * z * z);
            }));
    }

    // e^x - 1 = tanh(x / 2) (e^x + 1), which keeps its digits near 0.
    private static Tensor Expm1(Tensor x) => (0.5 * x).Tanh() * (x.Exp() + 1);
}
