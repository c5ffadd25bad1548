using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// p(z), a prior of latents that has parameters of its own, which are trained with those of the model on the same bound.
/// </summary>
public abstract class LatentPrior : Module
{
    /// <summary>Dimensions of z.</summary>
    public abstract int Latent { get; }

    /// <summary>log p(z), in nats: [...] for [..., latent].</summary>
    public abstract Tensor LogDensity(Tensor z);

    /// <summary>Draws from p(z): [count, latent].</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of randomness.</param>
    public abstract Tensor Sample(int count, RandomStream random);

    /// <inheritdoc cref="LogDensity"/>
    public override Tensor Forward(Tensor x) => LogDensity(x);
}
