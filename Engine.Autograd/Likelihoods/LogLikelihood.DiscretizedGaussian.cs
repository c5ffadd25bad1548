using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

public static partial class LogLikelihood
{
    /// <summary>
    /// The log-probability of levels, such as the 256 of a pixel, under independent normal distributions that are cut into bins half a step
    /// to either side of each level; the first bin is open below, the last one above, so that the levels' probabilities add up to 1. It is
    /// the last step of a diffusion model's bound (Ho et al. 2020, arXiv:2006.11239, equation 13). Finite for any distance from the mean.
    /// </summary>
    /// <param name="x">The levels, evenly spaced from <paramref name="low"/> to <paramref name="high"/>: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logVariance">The logarithms of the variances. All three broadcast.</param>
    /// <param name="reduction">What becomes of the elements; the sums over the innermost axis, [...], unless told otherwise.</param>
    /// <param name="low">The lowest level.</param>
    /// <param name="high">The highest level.</param>
    /// <param name="levels">The number of levels, at least 2.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the types differ, or the lowest level is not below the
    /// highest.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two levels.</exception>
    public static Tensor DiscretizedGaussian(
        Tensor x, Tensor mean, Tensor logVariance, Reduction reduction = Reduction.Rows, double low = -1, double high = 1, int levels = 256)
    {
        const string Operation = "LogLikelihood.DiscretizedGaussian";
        if (levels < 2) throw new ArgumentOutOfRangeException(nameof(levels), levels, $"{Operation}: at least two levels are needed.");
        if (!(low < high)) throw new ArgumentException($"{Operation}: the lowest level {low} must be below the highest, {high}.");
        Terms terms = new(Operation, reduction, ("x", x), ("mean", mean), ("log-variance", logVariance));
        LogisticBins bins = new(low, high, levels);
        Tensor y = terms.Run(new DiscretizedGaussian(bins), x, mean, logVariance);

        // dmean = g v (phi(a) - phi(b)) / p = -dx; dlogVariance = g (a phi(a) - b phi(b)) / (2 p)
        return terms.Record(
            y,
            terms.Rule(mean, g => g * OfMean(), g => terms.Fused(new DiscretizedGaussianMeanGradient(bins, 1), g, x, mean, logVariance)),
            terms.Rule(x, g => -(g * OfMean()), g => terms.Fused(new DiscretizedGaussianMeanGradient(bins, -1), g, x, mean, logVariance)),
            terms.Rule(logVariance, g => g * OfVariance(),
                g => terms.Fused(new DiscretizedGaussianVarianceGradient(bins), g, x, mean, logVariance)));

        Tensor OfMean()
        {
            (Tensor v, _, _, Tensor atA, Tensor atB) = Ends();
            return v * (atA - atB);
        }

        Tensor OfVariance()
        {
            (_, Tensor a, Tensor b, Tensor atA, Tensor atB) = Ends();
            return 0.5 * ((a * atA) - (b * atB));
        }

        // The densities at the ends of the bins over the probability: its logarithm is this operation again, and so has derivatives of any
        // order.
        (Tensor V, Tensor A, Tensor B, Tensor DensityAtA, Tensor DensityAtB) Ends()
        {
            Tensor v = (-0.5 * logVariance).Exp(), a = v * (x - mean - bins.Half), b = v * (x - mean + bins.Half);
            Tensor constant = -0.5 * Math.Log(2 * Math.PI) - DiscretizedGaussian(x, mean, logVariance, Reduction.None, low, high, levels);
            (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
            return (v, a, b, notFirst * (constant - (0.5 * a.Square())).Exp(), notLast * (constant - (0.5 * b.Square())).Exp());
        }
    }
}
