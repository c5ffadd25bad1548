using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Losses;

namespace Engine.Autograd.Losses;

/// <summary>Losses, averaged over all elements unless another reduction is asked for.</summary>
public static partial class Loss
{
    // The smallest probability whose logarithm is not held: e^-100.
    private const double Smallest = 3.720075976020836e-44;

    /// <summary>The binary cross-entropy of probabilities, in nats; each logarithm is held at -100 from below.</summary>
    /// <param name="probabilities">p, from 0 to 1; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <param name="reduction">What becomes of the elements.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropy(Tensor probabilities, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        Tensor p = probabilities;
        Terms terms = OfOneShape(nameof(BinaryCrossEntropy), reduction, p, targets);
        Tensor loss = terms.Run(default(Kernels.Losses.BinaryCrossEntropy.Probabilities), p, targets);
        return terms.Record(
            loss,

            // dp = g (p - t) / (p (1 - p)); dt = g (log(1 - p) - log p)
            terms.Rule(p, g => g * (p - targets) / (p * (1 - p)).Clamp(1e-12, 1),
                g => terms.Fused(default(Kernels.Losses.BinaryCrossEntropy.ProbabilitiesGradient), g, p, targets)),
            terms.Rule(targets, g => g * ((1 - p).Clamp(Smallest, 1).Log() - p.Clamp(Smallest, 1).Log())));
    }

    /// <summary>The binary cross-entropy of sigmoid(x) from the logits x, in nats; accurate for any x.</summary>
    /// <param name="logits">x; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <param name="reduction">What becomes of the elements.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropyFromLogits(Tensor logits, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        Terms terms = OfOneShape(nameof(BinaryCrossEntropyFromLogits), reduction, logits, targets);
        Tensor loss = terms.Run(default(Kernels.Losses.BinaryCrossEntropy.Logits), [logits, targets]);
        return terms.Record(
            loss,

            // dx = g (sigmoid(x) - t); dt = -g x
            terms.Rule(logits, g => g * (logits.Sigmoid() - targets),
                g => terms.Fused(default(Kernels.Losses.BinaryCrossEntropy.LogitsGradient), g, logits, targets)),
            terms.Rule(targets, g => -(g * logits)));
    }

    private static Terms OfOneShape(string operation, Reduction reduction, Tensor x, Tensor targets) => x.Shape == targets.Shape
        ? new Terms(operation, reduction, ("predictions", x), ("targets", targets))
        : throw new ArgumentException($"{operation}: predictions {x.Shape} and targets {targets.Shape} must have one shape.");
}
