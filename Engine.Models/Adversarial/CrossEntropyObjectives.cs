using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Adversarial;

/// <summary>
/// Binary cross-entropy of real and generated, with the generator's non-saturating form (Goodfellow et al. 2014, arXiv:1406.2661,
/// section 3): its gradient is largest where the discriminator is sure that a sample was generated.
/// </summary>
public sealed class NonSaturatingObjective : ScoreObjective
{
    /// <summary>
    /// True when D ends in a sigmoid and gives the probability that a sample is real; false when it gives logits, the log-odds of it. The
    /// losses are the same; from logits they are accurate however sure D is.
    /// </summary>
    public bool FromProbabilities { get; init; }

    /// <summary>
    /// What D's loss is multiplied by. One half averages over real and generated samples instead of adding, and so slows D down under an
    /// optimiser whose steps grow with the gradient; Adam's do not.
    /// </summary>
    public double DiscriminatorWeight { get; init; } = 1;

    /// <summary>A probability of one half, or a logit of 0.</summary>
    public override double? Boundary => FromProbabilities ? 0.5 : 0;

    /// <summary>L_D = -w (E[log sigma(s(x))] + E[log(1 - sigma(s(G)))]), in nats.</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated) =>
        CrossEntropy.OfDiscriminator(onReal, onGenerated, FromProbabilities, DiscriminatorWeight);

    /// <summary>L_G = -E[log sigma(s(G))], in nats: small when D takes generated samples for real ones.</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Tensor onGenerated) => CrossEntropy.With(1, onGenerated, FromProbabilities);
}

/// <summary>
/// The minimax game itself (Goodfellow et al. 2014, arXiv:1406.2661, equation 1): the generator makes small what the discriminator makes
/// large. The generator's gradient vanishes where the discriminator is sure that a sample was generated, hence the name saturating.
/// </summary>
public sealed class SaturatingObjective : ScoreObjective
{
    /// <summary>True when D ends in a sigmoid and gives probabilities; false when it gives logits.</summary>
    public bool FromProbabilities { get; init; }

    /// <summary>A probability of one half, or a logit of 0.</summary>
    public override double? Boundary => FromProbabilities ? 0.5 : 0;

    /// <summary>L_D = -E[log sigma(s(x))] - E[log(1 - sigma(s(G)))], in nats.</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated) =>
        CrossEntropy.OfDiscriminator(onReal, onGenerated, FromProbabilities, 1);

    /// <summary>L_G = E[log(1 - sigma(s(G)))], in nats; never above 0.</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Tensor onGenerated) => -CrossEntropy.With(0, onGenerated, FromProbabilities);
}

/// <summary>The cross-entropy of scores with one answer for all.</summary>
internal static class CrossEntropy
{
    /// <summary>w times the mean over real samples plus the mean over generated ones.</summary>
    internal static Tensor OfDiscriminator(Tensor onReal, Tensor onGenerated, bool fromProbabilities, double weight)
    {
        ArgumentNullException.ThrowIfNull(onReal);
        ArgumentNullException.ThrowIfNull(onGenerated);
        Tensor loss = With(1, onReal, fromProbabilities) + With(0, onGenerated, fromProbabilities);
        return weight == 1 ? loss : weight * loss;
    }

    /// <summary>The mean over samples; the answer is 1 for real, 0 for generated.</summary>
    internal static Tensor With(int answer, Tensor scores, bool fromProbabilities)
    {
        ArgumentNullException.ThrowIfNull(scores);
        Tensor answers = answer == 1 ? Tensor.Ones(scores.Shape, scores.DType) : Tensor.Zeros(scores.Shape, scores.DType);
        return fromProbabilities ? Loss.BinaryCrossEntropy(scores, answers) : Loss.BinaryCrossEntropyFromLogits(scores, answers);
    }
}
