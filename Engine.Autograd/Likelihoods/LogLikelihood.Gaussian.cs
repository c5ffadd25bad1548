using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

public static partial class LogLikelihood
{
    /// <summary>
    /// log N(x; mean, e^logVariance) = -(log(2 pi) + logVariance + (x - mean)² e^-logVariance) / 2 of independent variables.
    /// </summary>
    /// <param name="x">x: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logVariance">The logarithms of the variances. All three broadcast.</param>
    /// <param name="reduction">What becomes of the elements; the sums over the innermost axis, [...], unless told otherwise.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor Gaussian(Tensor x, Tensor mean, Tensor logVariance, Reduction reduction = Reduction.Rows)
    {
        Terms terms = new("LogLikelihood.Gaussian", reduction, ("x", x), ("mean", mean), ("log-variance", logVariance));
        Tensor y = terms.Run(default(GaussianLogLikelihood), x, mean, logVariance);

        // dmean = g (x - mean) e^-logVariance = -dx; dlogVariance = g ((x - mean)² e^-logVariance - 1) / 2
        return terms.Record(
            y,
            terms.Rule(x, g => g * (mean - x) * (-logVariance).Exp(),
                g => terms.Fused(default(GaussianMeanGradient), g, mean, x, logVariance)),
            terms.Rule(mean, g => g * (x - mean) * (-logVariance).Exp(),
                g => terms.Fused(default(GaussianMeanGradient), g, x, mean, logVariance)),
            terms.Rule(
                logVariance,
                g => 0.5 * g * (((x - mean).Square() * (-logVariance).Exp()) - 1),
                g => terms.Fused(default(GaussianLogVarianceGradient), g, x, mean, logVariance)));
    }
}
