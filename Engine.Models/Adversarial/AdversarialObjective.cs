using Engine.Autograd;

namespace Engine.Models.Adversarial;

/// <summary>
/// What the two networks of a GAN are trained for. It gets the discriminator itself and the samples, not only scores, so that a loss can
/// compare pairs, look at hidden features or differentiate with respect to the samples. Derive from it, or from
/// <see cref="ScoreObjective"/>, for another one.
/// </summary>
/// <remarks>In the equations s is the discriminator's score, x a real sample, G a generated one, and sigma the logistic function.</remarks>
public abstract class AdversarialObjective
{
    /// <summary>
    /// The score above which the discriminator takes a sample for real. Null where only differences of scores mean something, as those of a
    /// Wasserstein critic: the middle between the means of real and of generated samples then takes its place.
    /// </summary>
    public virtual double? Boundary => null;

    /// <summary>The discriminator's loss, a scalar that is made small.</summary>
    /// <param name="d">The discriminator.</param>
    /// <param name="real">Real samples, [samples, ...].</param>
    /// <param name="fake">Generated samples, of the same shape, held fixed.</param>
    /// <param name="labels">Classes of both, int32 [samples]; null when there are none.</param>
    public abstract Tensor DiscriminatorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels);

    /// <summary>The generator's loss, a scalar that is made small; gradients flow through the generated samples.</summary>
    /// <param name="d">The discriminator, which has been updated in the meantime.</param>
    /// <param name="real">Real samples, [samples, ...].</param>
    /// <param name="fake">Generated samples, of the same shape.</param>
    /// <param name="labels">Classes of both, int32 [samples]; null when there are none.</param>
    public abstract Tensor GeneratorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels);
}

/// <summary>An objective that looks at the scores of real and of generated samples apart from each other.</summary>
public abstract class ScoreObjective : AdversarialObjective
{
    /// <summary>The discriminator's loss.</summary>
    /// <param name="onReal">The scores of real samples, [samples, 1].</param>
    /// <param name="onGenerated">The scores of generated ones, [samples, 1].</param>
    /// <exception cref="ArgumentException">The tensors hold neither float32 nor float64.</exception>
    public abstract Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated);

    /// <summary>The generator's loss.</summary>
    /// <param name="onGenerated">The scores of generated samples, [samples, 1].</param>
    /// <exception cref="ArgumentException">The tensor holds neither float32 nor float64.</exception>
    public abstract Tensor GeneratorLoss(Tensor onGenerated);

    /// <inheritdoc/>
    public sealed override Tensor DiscriminatorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        return DiscriminatorLoss(d.Scores(real, labels), d.Scores(fake, labels));
    }

    /// <inheritdoc/>
    public sealed override Tensor GeneratorLoss(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        return GeneratorLoss(d.Scores(fake, labels));
    }
}
