using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels.Likelihoods;

namespace Engine.Autograd.Likelihoods;

/// <summary>
/// Log-probabilities and log-densities of data under independent variables, in nats. The arguments broadcast; as a rule they are summed
/// over the innermost axis, in the pass that computes them: one number for each sample of [samples, n]. Images are reshaped to that first.
/// </summary>
public static partial class LogLikelihood
{
    /// <summary>
    /// log p(x) of Bernoulli variables from their logits: x log sigmoid(l) + (1 - x) log sigmoid(-l), accurate for any logit. For grey
    /// pixels, x between 0 and 1, it is the negative cross-entropy.
    /// </summary>
    /// <param name="logits">l: [..., n]. For k samples of each image [k, batch, n]: x of [batch, n] is then read k times, not
    /// copied.</param>
    /// <param name="x">x, from 0 to 1: [..., n], broadcast with the logits.</param>
    /// <param name="reduction">What becomes of the elements; the sums over the innermost axis, [...], unless told otherwise.</param>
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
}
