using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial;

/// <summary>A term that is added to the generator's loss.</summary>
public interface IGeneratorRegularizer
{
    /// <summary>The term, a scalar.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="fake">What it has generated, [samples, ...]; gradients flow through it.</param>
    Tensor Penalty(Module generator, Tensor fake);
}

/// <summary>What the weights of a discriminator are brought back to after each of its steps.</summary>
public interface IWeightConstraint
{
    /// <summary>Changes the parameters of a discriminator where they break the constraint.</summary>
    /// <param name="discriminator">The network.</param>
    void Apply(Module discriminator);
}

/// <summary>
/// Holds every parameter in [-c, c], which bounds the Lipschitz constant of a critic (Arjovsky et al. 2017, WGAN, arXiv:1701.07875,
/// algorithm 1).
/// </summary>
public sealed class WeightClipping : IWeightConstraint
{
    /// <summary>Creates the constraint.</summary>
    /// <param name="bound">c, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">c is not above 0, or not finite.</exception>
    public WeightClipping(double bound = 0.01) => Bound = bound > 0 && double.IsFinite(bound) ? bound
        : throw new ArgumentOutOfRangeException(
            nameof(bound), bound, FormattableString.Invariant($"WeightClipping: expected a finite bound above 0, found {bound}."));

    /// <summary>c.</summary>
    public double Bound { get; }

    /// <summary>w = max(-c, min(c, w)).</summary>
    /// <inheritdoc/>
    public void Apply(Module discriminator)
    {
        ArgumentNullException.ThrowIfNull(discriminator);
        foreach (Parameter parameter in discriminator.Parameters) parameter.Clip(-Bound, Bound);
    }
}

/// <summary>
/// Keeps the filters of each layer from becoming alike: orthogonal regularisation without its diagonal, so that their lengths are free
/// (Brock et al. 2018, BigGAN, arXiv:1809.11096, equation 3).
/// </summary>
public sealed class OrthogonalRegularizer : IDiscriminatorRegularizer, IGeneratorRegularizer
{
    /// <summary>Creates the term.</summary>
    /// <param name="weight">beta; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative or not finite.</exception>
    public OrthogonalRegularizer(double weight = 1e-4) => Weight = RegularizerWeight.Check(nameof(OrthogonalRegularizer), weight);

    /// <summary>beta.</summary>
    public double Weight { get; }

    /// <summary>The term of a network.</summary>
    /// <param name="network">
    /// The network: the weights of its fully connected layers and convolutions count, as matrices with a column for each place of their
    /// last axis.
    /// </param>
    /// <exception cref="ArgumentException">The network has no such weights.</exception>
    public Tensor Penalty(Module network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Tensor? sum = null;
        foreach (Parameter weight in network.Parameters)
        {
            if (weight.Layout != ParameterLayout.OutputsLast || weight.Shape.Rank < 2) continue;
            Tensor matrix = weight.Reshape(-1, weight.Shape[-1]);

            // beta |W^T W * (1 - I)|^2, elementwise product, squared Frobenius norm
            Tensor products = matrix.MatMul(matrix, transposeThis: true);
            int[] places = [.. Enumerable.Range(0, products.Shape[0])];
            Tensor others = 1 - Tensor.From(places, [places.Length]).OneHot(places.Length, weight.DType);
            Tensor term = (products * others).Square().Sum();
            sum = sum is null ? term : sum + term;
        }

        return Weight * (sum ?? throw new ArgumentException(
            $"OrthogonalRegularizer: expected a network with weights of layers, found none in {network.GetType().Name}."));
    }

    /// <inheritdoc/>
    public Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        return Penalty(d.Network);
    }

    /// <inheritdoc/>
    public Tensor Penalty(Module generator, Tensor fake) => Penalty(generator);
}
