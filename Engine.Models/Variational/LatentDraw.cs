using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Rules;

namespace Engine.Models.Variational;

/// <summary>Samples of z drawn from q(z|x), with what bounds of log p(x) need of them, computed where it is asked for.</summary>
/// <param name="Z">[samples, batch, latent].</param>
/// <param name="LogRatio">log p(z) - log q(z|x): [samples, batch].</param>
/// <param name="Divergence">
/// An estimate of KL(q(z|x) || p(z)), in closed form where there is one: [batch], or [samples, batch].
/// </param>
internal sealed record LatentDraw(Tensor Z, Func<Tensor> LogRatio, Func<Tensor> Divergence)
{
    /// <summary>log 2 pi.</summary>
    internal const double LogTwoPi = 1.8378770664093453;

    /// <summary>Draws from N(mean, e^logVariance), to be held against a prior.</summary>
    /// <param name="mean">[batch, latent].</param>
    /// <param name="logVariance">[batch, latent].</param>
    /// <param name="noise">Standard normal noise, [samples, batch, latent].</param>
    /// <param name="prior">The prior; null for N(0, 1).</param>
    internal static LatentDraw FromGaussian(Tensor mean, Tensor logVariance, Tensor noise, LatentPrior? prior)
    {
        Tensor z = Reparameterize(mean, logVariance, noise);
        if (prior is null)
        {
            // log p(z) - log q(z|x) = 1/2 sum(noise² + logVariance - z²), because (z - mean) / e^(logVariance / 2) is the noise
            return new LatentDraw(z, () => 0.5 * (noise.Square() + logVariance - z.Square()).Sum(-1),
                () => KullbackLeibler.ToStandardGaussian(mean, logVariance));
        }

        return new LatentDraw(z, LogRatio, () => -LogRatio());

        // -log q(z|x) = 1/2 sum(noise² + logVariance + log 2 pi)
        Tensor LogRatio() => prior.LogDensity(z) + (0.5 * (noise.Square() + logVariance + LogTwoPi).Sum(-1));
    }

    /// <summary>z = mean + e^(logVariance / 2) noise: [samples, batch, latent].</summary>
    internal static Tensor Reparameterize(Tensor mean, Tensor logVariance, Tensor noise) => noise.Shape[0] == 1
        ? Sampling.Reparameterize(mean, logVariance, noise.Reshape(mean.Shape)).Reshape(noise.Shape)
        : mean + ((0.5 * logVariance).Exp() * noise);
}
