using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Adversarial.SemiSupervised;

/// <summary>
/// A classifier of K classes as a discriminator (Salimans et al. 2016, arXiv:1606.03498, section 5): generated samples are class K + 1,
/// whose logit is held at 0 because only differences of logits mean something. A sample is then real with probability
/// sum exp l_k / (sum exp l_k + 1), whose log-odds are s = log sum exp l_k.
/// </summary>
public static class SemiSupervisedObjective
{
    /// <summary>s = log sum over k of exp(l_k): the log-odds that samples are real.</summary>
    /// <param name="logits">The logits of the K classes, [samples, K].</param>
    /// <returns>[samples, 1].</returns>
    public static Tensor Scores(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return logits.LogSumExp(-1).Reshape(-1, 1);
    }

    /// <summary>-E[log p(y | x, real)]: the cross-entropy of the classes of labelled samples, in nats.</summary>
    /// <param name="logits">The logits of labelled samples, [samples, K].</param>
    /// <param name="labels">Their classes, int32 [samples].</param>
    public static Tensor Labeled(Tensor logits, Tensor labels) => Loss.CrossEntropy(logits, labels);

    /// <summary>
    /// 1/2 (-E[log p(real | x)] - E[log p(generated | G)]) = 1/2 (E[softplus(s(x)) - s(x)] + E[softplus(s(G))]), in nats.
    /// </summary>
    /// <param name="onReal">The logits of unlabelled samples, [samples, K].</param>
    /// <param name="onGenerated">The logits of generated samples, [samples, K].</param>
    public static Tensor Unlabeled(Tensor onReal, Tensor onGenerated)
    {
        Tensor x = Scores(onReal), g = Scores(onGenerated);
        return 0.5 * ((x.Softplus() - x).Mean() + g.Softplus().Mean());
    }
}
