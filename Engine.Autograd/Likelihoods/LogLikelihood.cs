using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

/// <summary>
/// Log-probabilities and log-densities of data under independent variables, in nats. The arguments broadcast; as a rule they are summed
/// over the innermost axis, in the pass that computes them: one value for each sample of [samples, n]. Images are reshaped to that first.
/// </summary>
public static class LogLikelihood
{
    /// <summary>
    /// log p(x) of Bernoulli variables from their logits: x log sigmoid(l) + (1 - x) log sigmoid(-l), accurate for any logit. For grey
    /// pixels, x between 0 and 1, it is the negative cross-entropy.
    /// </summary>
    /// <param name="logits">l: [..., n]. For k samples of each image [k, batch, n]: x of [batch, n] is then read k times, not
    /// copied.</param>
    /// <param name="x">x, from 0 to 1: [..., n], broadcast with the logits.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor Bernoulli(Tensor logits, Tensor x, Reduction reduction = Reduction.Rows)
    {
        Terms terms = new("LogLikelihood.Bernoulli", reduction, ("logits", logits), ("x", x));
        Tensor y = terms.Run(default(BernoulliLogLikelihood.RowTerm), [logits, x]);
        return terms.Record(
            y,

            // dl = g (x - sigmoid(l)); dx = g l
            terms.Rule(logits, g => g * (x - logits.Sigmoid()),
                g => terms.Fused(default(BernoulliLogLikelihood.LogitsGradient), g, logits, x)),
            terms.Rule(x, g => g * logits));
    }

    /// <summary>
    /// log N(x; mean, e^logVariance) = -(log(2 pi) + logVariance + (x - mean)² e^-logVariance) / 2 of independent variables.
    /// </summary>
    /// <param name="x">x: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logVariance">The logarithms of the variances. All three broadcast.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor Gaussian(Tensor x, Tensor mean, Tensor logVariance, Reduction reduction = Reduction.Rows)
    {
        Terms terms = new("LogLikelihood.Gaussian", reduction, ("x", x), ("mean", mean), ("log-variance", logVariance));
        Tensor y = terms.Run(default(GaussianLogLikelihood), x, mean, logVariance);

        // dmean = g (x - mean) e^-logVariance = -dx; dlogVariance = g ((x - mean)² e^-logVariance - 1) / 2
        return terms.Record(
            y,
            terms.Rule(x, g => InDeviations(mean - x, logVariance, out Tensor root) * g * root * root,
                g => terms.Fused(default(GaussianMeanGradient), g, mean, x, logVariance)),
            terms.Rule(mean, g => InDeviations(x - mean, logVariance, out Tensor root) * g * root * root,
                g => terms.Fused(default(GaussianMeanGradient), g, x, mean, logVariance)),
            terms.Rule(
                logVariance,
                g =>
                {
                    Tensor z = InDeviations(x - mean, logVariance, out _), half = 0.5 * g;
                    return (half * z * z) - half;
                },
                g => terms.Fused(default(GaussianLogVarianceGradient), g, x, mean, logVariance)));
    }

    /// <summary>
    /// d e^(-logVariance / 2), by way of the fourth root e^(-logVariance / 4): e^-logVariance overflows where its products with small d, or
    /// with 0, do not.
    /// </summary>
    internal static Tensor InDeviations(Tensor d, Tensor logVariance, out Tensor root)
    {
        root = ExpFinite(-0.25 * logVariance);
        return d * root * root;
    }

    /// <summary>e^x, held where it would be infinite.</summary>
    private static Tensor ExpFinite(Tensor x) => x.Clamp(-1000, x.DType == DType.Float64 ? 709 : 88).Exp();

    /// <summary>
    /// The log-probability of levels, such as the 256 of a pixel, under independent normal distributions that are cut into bins half a step
    /// to either side of each level; the first bin is open below, the last one above, so that the levels' probabilities add up to 1. It is
    /// the last step of a diffusion model's bound (Ho et al. 2020, arXiv:2006.11239, equation 13). Finite for any distance from the mean.
    /// </summary>
    /// <param name="x">The levels, evenly spaced from <paramref name="low"/> to <paramref name="high"/>: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logVariance">The logarithms of the variances. All three broadcast.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <param name="low">The lowest level.</param>
    /// <param name="high">The highest level.</param>
    /// <param name="levels">The number of levels, at least 2.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two levels, or the lowest is not below the highest and both
    /// finite.</exception>
    public static Tensor DiscretizedGaussian(
        Tensor x, Tensor mean, Tensor logVariance, Reduction reduction = Reduction.Rows, double low = -1, double high = 1, int levels = 256)
    {
        const string Operation = "LogLikelihood.DiscretizedGaussian";
        CheckLevels(Operation, low, high, levels);
        Terms terms = new(Operation, reduction, ("x", x), ("mean", mean), ("log-variance", logVariance));
        LevelBins bins = new(low, high, levels);
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
            Tensor v = ExpFinite(-0.5 * logVariance), a = v * (x - mean - bins.Half), b = v * (x - mean + bins.Half);
            Tensor constant = -0.5 * Math.Log(2 * Math.PI) - DiscretizedGaussian(x, mean, logVariance, Reduction.None, low, high, levels);
            (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
            return (v, a, b, notFirst * (constant - (0.5 * a.Square())).Exp(), notLast * (constant - (0.5 * b.Square())).Exp());
        }
    }

    /// <summary>
    /// The log-probability of levels, such as the 256 of a pixel, under independent logistic distributions that are cut into bins half a
    /// step to either side of each level; the first bin is open below, the last one above, so that the levels' probabilities add up to 1
    /// (Kingma et al. 2016, arXiv:1606.04934; Salimans et al. 2017, arXiv:1701.05517). Accurate for any distance from the mean.
    /// </summary>
    /// <param name="x">The levels, evenly spaced from <paramref name="low"/> to <paramref name="high"/>: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logScale">The logarithms of the scales. All three broadcast.</param>
    /// <param name="reduction">How the elements are reduced; the sums over the innermost axis, [...] by default.</param>
    /// <param name="low">The lowest level.</param>
    /// <param name="high">The highest level.</param>
    /// <param name="levels">The number of levels, at least 2.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two levels, or the lowest is not below the highest and both
    /// finite.</exception>
    public static Tensor DiscretizedLogistic(
        Tensor x, Tensor mean, Tensor logScale, Reduction reduction = Reduction.Rows, double low = -1, double high = 1, int levels = 256)
    {
        const string Operation = "LogLikelihood.DiscretizedLogistic";
        CheckLevels(Operation, low, high, levels);
        Terms terms = new(Operation, reduction, ("x", x), ("mean", mean), ("log-scale", logScale));
        LevelBins bins = new(low, high, levels);
        Tensor y = terms.Run(new DiscretizedLogistic(bins), x, mean, logScale);

        // dmean = g v (sigmoid(b) - sigmoid(-a)) = -dx; dlogScale = g (b sigmoid(b) - a sigmoid(-a) - d / (e^d - 1))
        return terms.Record(
            y,
            terms.Rule(mean, g => g * Slope(x, mean, logScale, bins),
                g => terms.Fused(new DiscretizedLogisticMeanGradient(bins, 1), g, x, mean, logScale)),
            terms.Rule(x, g => -(g * Slope(x, mean, logScale, bins)),
                g => terms.Fused(new DiscretizedLogisticMeanGradient(bins, -1), g, x, mean, logScale)),
            terms.Rule(logScale, g => g * ScaleSlope(x, mean, logScale, bins),
                g => terms.Fused(new DiscretizedLogisticScaleGradient(bins), g, x, mean, logScale)));
    }

    private static void CheckLevels(string operation, double low, double high, int levels)
    {
        if (levels < 2) throw new ArgumentOutOfRangeException(
            nameof(levels), levels, $"{operation}: expected at least two levels, found {levels}.");
        if (!(low < high) || !double.IsFinite(high - low)) throw new ArgumentOutOfRangeException(
            nameof(low), low, $"{operation}: expected a lowest level below the highest and both finite, found {low} and {high}.");
    }

    /// <summary>v (sigmoid(b) - sigmoid(-a))</summary>
    private static Tensor Slope(Tensor x, Tensor mean, Tensor logScale, LevelBins bins)
    {
        Tensor v = ExpFinite(-logScale);
        (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
        return v * ((notFirst * (v * (x - mean - bins.Half)).Sigmoid()) - (notLast * (v * (mean - x - bins.Half)).Sigmoid()));
    }

    /// <summary>b sigmoid(b) - a sigmoid(-a) - d / (e^d - 1)</summary>
    private static Tensor ScaleSlope(Tensor x, Tensor mean, Tensor logScale, LevelBins bins)
    {
        Tensor v = ExpFinite(-logScale);
        (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
        Tensor minusA = v * (mean - x - bins.Half);
        Tensor b = v * (x - mean - bins.Half);

        // 1 / (e^d - 1) = (1 / tanh(d / 2) - 1) / 2, which keeps its precision where e^d is next to 1.
        // d is held above 0, where that is 1.
        Tensor d = bins.Step * ExpFinite(-logScale.Clamp(-1000, x.DType == DType.Float64 ? 600 : 70));
        Tensor inner = 0.5 * d * ((1 / (0.5 * d).Tanh()) - 1);
        return (notLast * minusA * minusA.Sigmoid()) + (notFirst * b * b.Sigmoid()) - (notFirst * notLast * inner);
    }

    /// <summary>1 in all bins but the first, and in all but the last; 0 there.</summary>
    private static (Tensor NotFirst, Tensor NotLast) NotAtTheEnds(Tensor x, LevelBins bins) =>
        (Tensor.Full([], bins.FirstEnd, x.DType).Map(x, default(Less)), x.Map(Tensor.Full([], bins.LastStart, x.DType), default(Less)));
}
