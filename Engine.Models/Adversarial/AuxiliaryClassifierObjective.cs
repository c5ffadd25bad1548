using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Adversarial;

/// <summary>
/// Another objective, and the cross-entropy of the classes that the discriminator sees in samples (Odena et al. 2016, AC-GAN,
/// arXiv:1610.09585): both networks are to make them recognisable. The discriminator classifies, as <see cref="ClassifyingDiscriminator"/>
/// does.
/// </summary>
/// <param name="adversarial">What the two are trained for besides.</param>
/// <param name="discriminatorWeight">The weight of the cross-entropy in the discriminator's loss.</param>
/// <param name="generatorWeight">The weight of the cross-entropy in the generator's loss.</param>
/// <param name="generatedShare">What the cross-entropy of generated samples counts in the discriminator's loss beside that of real ones:
/// 1 in the paper. With 0 the discriminator learns classes from data alone, so that the two cannot agree on marks of their own for
/// them.</param>
public sealed class AuxiliaryClassifierObjective(
    AdversarialObjective adversarial, double discriminatorWeight = 1, double generatorWeight = 1, double generatedShare = 1)
    : AdversarialObjective
{
    private readonly AdversarialObjective _adversarial = adversarial ?? throw new ArgumentNullException(nameof(adversarial));
    private readonly double _discriminatorWeight = RegularizerWeight.Check(nameof(AuxiliaryClassifierObjective), discriminatorWeight);
    private readonly double _generatorWeight = RegularizerWeight.Check(nameof(AuxiliaryClassifierObjective), generatorWeight);

    private readonly double _generatedShare = RegularizerWeight.Check(nameof(AuxiliaryClassifierObjective), generatedShare);

    /// <inheritdoc/>
    public override double? Boundary => _adversarial.Boundary;

    /// <summary>L_D + w (E[-log p(y | x)] + r E[-log p(y | G)]), with r the share of generated samples.</summary>
    /// <inheritdoc/>
    public override Tensor DiscriminatorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        Tensor ofClasses = OfClasses(d, real, labels);
        if (_generatedShare > 0) ofClasses += _generatedShare * OfClasses(d, fake, labels);
        return _adversarial.DiscriminatorLoss(d, real, fake, labels) + (_discriminatorWeight * ofClasses);
    }

    /// <summary>L_G + w E[-log p(y | G)].</summary>
    /// <inheritdoc/>
    public override Tensor GeneratorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels) =>
        _adversarial.GeneratorLoss(d, real, fake, labels) + (_generatorWeight * OfClasses(d, fake, labels));

    private static Tensor OfClasses(Discriminator d, Tensor x, Tensor? labels) => Loss.CrossEntropy(
        d.ClassLogits(x, labels),
        labels ?? throw new ArgumentException($"AuxiliaryClassifierObjective: expected labels of samples {x.Shape}, found none."));
}
