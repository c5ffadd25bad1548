using Engine.Autograd;

namespace Engine.Models.Adversarial;

/// <summary>
/// Squared errors of the scores, with answers of 1 for real and 0 for generated (Mao et al. 2016, LSGAN, arXiv:1611.04076): samples on the
/// right side of the boundary but far from the data have a gradient too.
/// </summary>
public sealed class LeastSquaresObjective : ScoreObjective
{
    /// <summary>Halfway between the answers.</summary>
    public override double? Boundary => 0.5;

    /// <summary>L_D = E[(s(x) - 1)^2] + E[s(G)^2].</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onReal);
        ArgumentNullException.ThrowIfNull(onGenerated);
        return (onReal - 1).Square().Mean() + onGenerated.Square().Mean();
    }

    /// <summary>L_G = E[(s(G) - 1)^2].</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onGenerated);
        return (onGenerated - 1).Square().Mean();
    }
}

/// <summary>
/// The Wasserstein distance in its dual form (Arjovsky et al. 2017, WGAN, arXiv:1701.07875), for critics that are held Lipschitz: by
/// <see cref="WeightClipping"/>, <see cref="GradientPenalty"/> or spectral normalisation. -L_D estimates the distance, which falls as
/// samples become better.
/// </summary>
public sealed class WassersteinObjective : ScoreObjective
{
    /// <summary>L_D = E[s(G)] - E[s(x)].</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onReal);
        ArgumentNullException.ThrowIfNull(onGenerated);
        return onGenerated.Mean() - onReal.Mean();
    }

    /// <summary>L_G = -E[s(G)].</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onGenerated);
        return -onGenerated.Mean();
    }
}

/// <summary>
/// The hinge loss (Lim and Ye 2017, arXiv:1705.02894; as in SNGAN and BigGAN): the discriminator learns only from samples that it does not
/// yet separate by a margin.
/// </summary>
public sealed class HingeObjective : ScoreObjective
{
    /// <summary>The middle of the margin.</summary>
    public override double? Boundary => 0;

    /// <summary>L_D = E[max(0, 1 - s(x))] + E[max(0, 1 + s(G))].</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onReal);
        ArgumentNullException.ThrowIfNull(onGenerated);
        return (1 - onReal).Relu().Mean() + (1 + onGenerated).Relu().Mean();
    }

    /// <summary>L_G = -E[s(G)].</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onGenerated);
        return -onGenerated.Mean();
    }
}

/// <summary>
/// The relativistic pairing loss (Jolicoeur-Martineau 2018, arXiv:1807.00734; with <see cref="R1Regularizer"/> and
/// <see cref="R2Regularizer"/> it is R3GAN, Huang et al. 2025, arXiv:2501.05441): a real sample is to score more than the generated one
/// beside it, so that no single boundary separates the two and generated samples have no one place to gather at.
/// </summary>
public sealed class RelativisticObjective : AdversarialObjective
{
    /// <summary>L_D = E[softplus(s(G) - s(x))].</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        (Tensor onReal, Tensor onGenerated) = Pairs(d, real, fake, labels);
        return (onGenerated - onReal).Softplus().Mean();
    }

    /// <summary>L_G = E[softplus(s(x) - s(G))].</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        (Tensor onReal, Tensor onGenerated) = Pairs(d, real, fake, labels);
        return (onReal.Detach() - onGenerated).Softplus().Mean();
    }

    private static (Tensor OnReal, Tensor OnGenerated) Pairs(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        Tensor onReal = d.Scores(real, labels), onGenerated = d.Scores(fake, labels);
        if (onReal.Shape != onGenerated.Shape) throw new ArgumentException(
            $"RelativisticObjective: expected as many scores of real samples as of generated ones, found {onReal.Shape} and "
            + $"{onGenerated.Shape}.");
        return (onReal, onGenerated);
    }
}
