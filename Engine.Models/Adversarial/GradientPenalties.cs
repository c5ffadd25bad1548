using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Adversarial;

/// <summary>A term that is added to the discriminator's loss.</summary>
public interface IDiscriminatorRegularizer
{
    /// <summary>The term, a scalar.</summary>
    /// <param name="d">The discriminator.</param>
    /// <param name="real">Real samples, [samples, ...], watched by the open tape.</param>
    /// <param name="fake">Generated samples, of the same shape, held fixed and watched by the open tape.</param>
    /// <param name="labels">Classes of both, int32 [samples]; null when there are none.</param>
    Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels);
}

/// <summary>
/// Holds a critic Lipschitz by the norm of its gradient between real and generated samples (Gulrajani et al. 2017, WGAN-GP,
/// arXiv:1704.00028). The critic should have no batch normalisation: the gradient of a score is to be about its own sample.
/// </summary>
public sealed class GradientPenalty : IDiscriminatorRegularizer
{
    /// <summary>Creates the penalty.</summary>
    /// <param name="weight">lambda: 10 for images, about 0.1 for toy distributions; at least 0.</param>
    /// <param name="oneSided">True to penalise only norms above 1 (Petzka et al. 2017, WGAN-LP, arXiv:1709.08894).</param>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative or not finite.</exception>
    public GradientPenalty(double weight = 10, bool oneSided = false) =>
        (Weight, IsOneSided) = (RegularizerWeight.Check(nameof(GradientPenalty), weight), oneSided);

    /// <summary>lambda.</summary>
    public double Weight { get; }

    /// <summary>Whether only norms above 1 are penalised.</summary>
    public bool IsOneSided { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Real and generated samples differ in shape or type.</exception>
    public Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(fake);
        if (real.Shape != fake.Shape || real.DType != fake.DType) throw new ArgumentException(
            $"GradientPenalty: expected real and generated samples of one shape and type, found {real.DType} {real.Shape} and "
            + $"{fake.DType} {fake.Shape}.");
        Tape tape = Tape.Open(nameof(GradientPenalty), real, fake);

        // xh = e x + (1 - e) G, with one e from [0, 1) for each score
        int rows = real.Shape[0] / d.Packing;
        Tensor e = Tensor.Uniform([rows, 1], d.Random, dtype: real.DType);
        Tensor x = real.Detach().Reshape(rows, -1), g = fake.Detach().Reshape(rows, -1);
        Tensor between = tape.Watch(((e * x) + ((1 - e) * g)).Reshape(real.Shape));

        // lambda E[(|grad s(xh)| - 1)^2], one-sided lambda E[max(0, |grad s(xh)| - 1)^2]
        Tensor excess = d.InputGradients(between, labels).Norm(1) - 1;
        return Weight * (IsOneSided ? excess.Relu() : excess).Square().Mean();
    }
}

/// <summary>
/// Flattens the discriminator around the data, so that it stops pushing once generated samples lie there (Mescheder et al. 2018,
/// arXiv:1801.04406).
/// </summary>
public sealed class R1Regularizer : IDiscriminatorRegularizer
{
    /// <summary>Creates the term.</summary>
    /// <param name="gamma">gamma: about 10 for logits of images; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">gamma is negative or not finite.</exception>
    public R1Regularizer(double gamma = 10) => Gamma = RegularizerWeight.Check(nameof(R1Regularizer), gamma);

    /// <summary>gamma.</summary>
    public double Gamma { get; }

    /// <summary>gamma / 2 E[|grad s(x)|^2].</summary>
    /// <inheritdoc/>
    public Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        return Gamma / 2 * d.InputGradients(real, labels).Square().Sum(1).Mean();
    }
}

/// <summary>Flattens the discriminator around generated samples (Mescheder et al. 2018, arXiv:1801.04406).</summary>
public sealed class R2Regularizer : IDiscriminatorRegularizer
{
    /// <summary>Creates the term.</summary>
    /// <param name="gamma">gamma: about 10 for logits of images; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">gamma is negative or not finite.</exception>
    public R2Regularizer(double gamma = 10) => Gamma = RegularizerWeight.Check(nameof(R2Regularizer), gamma);

    /// <summary>gamma.</summary>
    public double Gamma { get; }

    /// <summary>gamma / 2 E[|grad s(G)|^2].</summary>
    /// <inheritdoc/>
    public Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        return Gamma / 2 * d.InputGradients(fake, labels).Square().Sum(1).Mean();
    }
}

/// <summary>What weights of regularizers have to be.</summary>
internal static class RegularizerWeight
{
    internal static double Check(string owner, double weight) => weight >= 0 && double.IsFinite(weight) ? weight
        : throw new ArgumentOutOfRangeException(
            nameof(weight), weight, FormattableString.Invariant($"{owner}: expected a finite weight of at least 0, found {weight}."));
}
