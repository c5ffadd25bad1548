using Engine.Autograd;

namespace Engine.Models.Adversarial;

/// <summary>
/// Feature matching (Salimans et al. 2016, arXiv:1606.03498, section 3.1): the discriminator is trained as by another objective, and the
/// generator for samples whose hidden features have the mean that real ones have, which gives it a goal that is not overtrained against
/// the discriminator of the moment.
/// </summary>
/// <param name="discriminator">What the discriminator is trained for.</param>
public sealed class FeatureMatching(AdversarialObjective discriminator) : AdversarialObjective
{
    private readonly AdversarialObjective _discriminator = discriminator ?? throw new ArgumentNullException(nameof(discriminator));

    /// <inheritdoc/>
    public override double? Boundary => _discriminator.Boundary;

    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels) =>
        _discriminator.DiscriminatorLoss(d, real, fake, labels);

    /// <summary>L_G = |E[f(x)] - E[f(G)]|^2, with f the hidden features of the discriminator.</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        Tensor ofReal = d.Features(real, labels).Mean(0).Detach(), ofGenerated = d.Features(fake, labels).Mean(0);
        return (ofReal - ofGenerated).Square().Sum();
    }
}
