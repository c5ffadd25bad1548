using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

public static partial class LogLikelihood
{
    /// <summary>
    /// The log-probability of levels, such as the 256 of a pixel, under independent logistic distributions that are cut into bins half a
    /// step to either side of each level; the first bin is open below, the last one above, so that the levels' probabilities add up to 1
    /// (Kingma et al. 2016, arXiv:1606.04934; Salimans et al. 2017, arXiv:1701.05517). Accurate for any distance from the mean.
    /// </summary>
    /// <param name="x">The levels, evenly spaced from <paramref name="low"/> to <paramref name="high"/>: [..., n].</param>
    /// <param name="mean">The means.</param>
    /// <param name="logScale">The logarithms of the scales, from -80 to 80. All three broadcast.</param>
    /// <param name="reduction">What becomes of the elements; the sums over the innermost axis, [...], unless told otherwise.</param>
    /// <param name="low">The lowest level.</param>
    /// <param name="high">The highest level.</param>
    /// <param name="levels">The number of levels, at least 2.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the types differ, or the lowest level is not below the
    /// highest.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two levels.</exception>
    public static Tensor DiscretizedLogistic(
        Tensor x, Tensor mean, Tensor logScale, Reduction reduction = Reduction.Rows, double low = -1, double high = 1, int levels = 256)
    {
        const string Operation = "LogLikelihood.DiscretizedLogistic";
        if (levels < 2) throw new ArgumentOutOfRangeException(nameof(levels), levels, $"{Operation}: at least two levels are needed.");
        if (!(low < high)) throw new ArgumentException($"{Operation}: the lowest level {low} must be below the highest, {high}.");
        Terms terms = new(Operation, reduction, ("x", x), ("mean", mean), ("log-scale", logScale));
        LogisticBins bins = new(low, high, levels);
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

    /// <summary>v (sigmoid(b) - sigmoid(-a))</summary>
    private static Tensor Slope(Tensor x, Tensor mean, Tensor logScale, LogisticBins bins)
    {
        Tensor v = (-logScale).Exp();
        (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
        return v * ((notFirst * (v * (x - mean - bins.Half)).Sigmoid()) - (notLast * (v * (mean - x - bins.Half)).Sigmoid()));
    }

    /// <summary>b sigmoid(b) - a sigmoid(-a) - d / (e^d - 1)</summary>
    private static Tensor ScaleSlope(Tensor x, Tensor mean, Tensor logScale, LogisticBins bins)
    {
        Tensor v = (-logScale).Exp();
        (Tensor notFirst, Tensor notLast) = NotAtTheEnds(x, bins);
        Tensor minusA = v * (mean - x - bins.Half);
        Tensor b = v * (x - mean - bins.Half);

        // 1 / (e^d - 1) = (1 / tanh(d / 2) - 1) / 2, which keeps its precision where e^d is next to 1.
        Tensor d = bins.Step * v;
        Tensor inner = 0.5 * d * ((1 / (0.5 * d).Tanh()) - 1);
        return (notLast * minusA * minusA.Sigmoid()) + (notFirst * b * b.Sigmoid()) - (notFirst * notLast * inner);
    }

    /// <summary>1 in all bins but the first, and in all but the last; 0 there.</summary>
    private static (Tensor NotFirst, Tensor NotLast) NotAtTheEnds(Tensor x, LogisticBins bins) =>
        (Tensor.Full([], bins.FirstEnd, x.DType).Map(x, default(Less)), x.Map(Tensor.Full([], bins.LastStart, x.DType), default(Less)));
}
