using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// A variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114): an encoder q(z|x) and a decoder p(x|z), trained together on a
/// lower bound of log p(x), with a standard normal prior on z or a learned one.
/// </summary>
public sealed class Vae : LatentVariableModel
{
    /// <summary>Joins an encoder and a decoder.</summary>
    /// <param name="encoder">q(z|x).</param>
    /// <param name="decoder">From z [samples, latent] to logits [samples, ...] of the pixels.</param>
    /// <param name="prior">p(z); null for N(0, 1).</param>
    /// <exception cref="ArgumentException">The prior is of another number of dimensions than the encoder.</exception>
    public Vae(GaussianEncoder encoder, Module decoder, LatentPrior? prior = null) : base(Checked(encoder, prior))
    {
        Encoder = AddModule("encoder", encoder);
        Decoder = AddModule("decoder", decoder);
        if (prior is not null) Prior = AddModule("prior", prior);
    }

    /// <summary>q(z|x).</summary>
    public GaussianEncoder Encoder { get; }

    /// <summary>From z to the logits of the pixels.</summary>
    public Module Decoder { get; }

    /// <summary>p(z); null where it is N(0, 1).</summary>
    public LatentPrior? Prior { get; }

    /// <inheritdoc/>
    public override Tensor Logits(Tensor z) => Decoder.Forward(z);

    /// <inheritdoc/>
    public override Tensor Encode(Tensor x) => Encoder.Forward(x);

    /// <inheritdoc/>
    public override Tensor SamplePrior(int count, RandomStream random, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Parameter any = Parameters[0];
        return Prior?.Sample(count, random) ?? Tensor.Normal([count, Latent], random, dtype: any.DType, device: any.Device);
    }

    // -ELBO with weights for the parts of the divergence
    private protected override VaeLosses Evidence(Tensor x, VaeObjective objective, RandomStream random)
    {
        if (objective.Weights is not { } weights || Prior is not null) return base.Evidence(x, objective, random);
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        Tensor z = LatentDraw.Reparameterize(mean, logVariance, Noise(x, objective.Samples, random));
        Tensor reconstruction = -LogLikelihood(x, z, objective).Mean();

        DivergenceParts parts = DivergenceParts.Estimate(z, mean, logVariance, weights.Images);
        return new VaeLosses(reconstruction + (objective.Beta * parts.Weighted(weights)), reconstruction, parts.Sum()) { Parts = parts };
    }

    private protected override Func<Tensor, LatentDraw> Infer(Tensor x)
    {
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        return noise => LatentDraw.FromGaussian(mean, logVariance, noise, Prior);
    }

    /// <summary>The dimensions of an encoder, which those of a prior must be.</summary>
    internal static int Checked(GaussianEncoder encoder, LatentPrior? prior)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return prior is null || prior.Latent == encoder.Latent ? encoder.Latent : throw new ArgumentException(
            $"The prior must have the {encoder.Latent} dimensions of the encoder, found {prior.Latent}.");
    }
}
