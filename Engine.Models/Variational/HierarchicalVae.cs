using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// A VAE with two levels of latents (Tomczak and Welling 2018, arXiv:1705.07120, section 4, "HVAE"):
/// p(x) = integral of p(x|z1, z2) p(z1|z2) p(z2), q(z1, z2|x) = q(z1|x, z2) q(z2|x). What z2 says of an image also reaches the pixels
/// directly, so that neither level is left without use. Its z is (z1, z2), in this order.
/// </summary>
public sealed class HierarchicalVae : LatentVariableModel
{
    private readonly HierarchicalVaeNetworks _networks;
    private readonly int _first, _second;

    /// <summary>Joins the networks.</summary>
    /// <param name="networks">The conditional distributions.</param>
    /// <param name="prior">p(z2); null for N(0, 1).</param>
    /// <exception cref="ArgumentException">Dimensions of latents do not agree.</exception>
    public HierarchicalVae(HierarchicalVaeNetworks networks, LatentPrior? prior = null) : base(Checked(networks, prior))
    {
        _networks = networks;
        (_first, _second) = (networks.FirstEncoder.Latent, networks.SecondEncoder.Latent);
        AddModule("encoder2", networks.SecondEncoder);
        AddModule("image_features", networks.ImageFeatures);
        AddModule("latent_features", networks.LatentFeatures);
        AddModule("encoder1", networks.FirstEncoder);
        AddModule("prior1", networks.FirstPrior);
        AddModule("decoder_features1", networks.FirstDecoderFeatures);
        AddModule("decoder_features2", networks.SecondDecoderFeatures);
        AddModule("decoder", networks.Decoder);
        if (prior is not null) Prior = AddModule("prior2", prior);
    }

    /// <summary>p(z2); null where it is N(0, 1).</summary>
    public LatentPrior? Prior { get; }

    /// <inheritdoc/>
    public override Tensor Logits(Tensor z)
    {
        ArgumentNullException.ThrowIfNull(z);
        Tensor features1 = _networks.FirstDecoderFeatures.Forward(z.Slice(-1, 0, _first)),
            features2 = _networks.SecondDecoderFeatures.Forward(z.Slice(-1, _first, _second));
        return _networks.Decoder.Forward(Tensor.Concat(-1, features1, features2));
    }

    /// <inheritdoc/>
    /// <remarks>The mean of q(z2|x), and that of q(z1|x, z2) there.</remarks>
    public override Tensor Encode(Tensor x)
    {
        Tensor z2 = _networks.SecondEncoder.Forward(x);
        return Tensor.Concat(-1, _networks.FirstEncoder.Forward(Joint(_networks.ImageFeatures.Forward(x), z2)), z2);
    }

    /// <inheritdoc/>
    public override Tensor SamplePrior(int count, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        cancellation.ThrowIfCancellationRequested();
        Parameter any = Parameters[0];
        Tensor z2 = Prior?.Sample(count, random) ?? Normal(_second);
        (Tensor mean, Tensor logVariance) = _networks.FirstPrior.Parameterize(z2);
        return Tensor.Concat(-1, Autograd.Rules.Sampling.Reparameterize(mean, logVariance, Normal(_first)), z2);

        Tensor Normal(int latent) => Tensor.Normal([count, latent], random, dtype: any.DType, device: any.Device);
    }

    private protected override Func<Tensor, LatentDraw> Infer(Tensor x)
    {
        (Tensor mean2, Tensor logVariance2) = _networks.SecondEncoder.Parameterize(x);
        Tensor features = _networks.ImageFeatures.Forward(x);
        return noise => Draw(mean2, logVariance2, features, noise);
    }

    private LatentDraw Draw(Tensor mean2, Tensor logVariance2, Tensor features, Tensor noise)
    {
        (int samples, int batch) = (noise.Shape[0], noise.Shape[1]);
        LatentDraw second = LatentDraw.FromGaussian(mean2, logVariance2, noise.Slice(-1, _first, _second), Prior);
        Tensor z2 = second.Z.Reshape(samples * batch, _second), noise1 = noise.Slice(-1, 0, _first).Reshape(1, samples * batch, _first);
        if (samples > 1)
            features = features.BroadcastTo([samples, .. features.Shape.ToArray()]).Reshape(samples * batch, features.Shape[-1]);
        (Tensor mean, Tensor logVariance) = _networks.FirstEncoder.Parameterize(Joint(features, z2));
        (Tensor priorMean, Tensor priorLogVariance) = _networks.FirstPrior.Parameterize(z2);
        Tensor z1 = LatentDraw.Reparameterize(mean, logVariance, noise1).Reshape(samples * batch, _first);
        Tensor z = Tensor.Concat(-1, z1.Reshape(samples, batch, _first), second.Z);
        return new LatentDraw(z, LogRatio, Divergence);

        // log p(z2) - log q(z2|x) + log p(z1|z2) - log q(z1|x, z2)
        Tensor LogRatio()
        {
            Tensor logPrior = Autograd.Likelihoods.LogLikelihood.Gaussian(z1, priorMean, priorLogVariance);
            Tensor entropy = 0.5 * (noise1.Square().Reshape(z1.Shape) + logVariance + LatentDraw.LogTwoPi).Sum(-1);
            return second.LogRatio() + (logPrior + entropy).Reshape(samples, batch);
        }

        // KL(q(z2|x) || p(z2)) + E KL(q(z1|x, z2) || p(z1|z2)), the second in closed form at each z2
        Tensor Divergence() => second.Divergence()
            + KullbackLeibler.Gaussians(mean, logVariance, priorMean, priorLogVariance).Reshape(samples, batch);
    }

    private Tensor Joint(Tensor imageFeatures, Tensor z2) => Tensor.Concat(-1, imageFeatures, _networks.LatentFeatures.Forward(z2));

    private static int Checked(HierarchicalVaeNetworks networks, LatentPrior? prior)
    {
        ArgumentNullException.ThrowIfNull(networks);
        int first = networks.FirstEncoder.Latent;
        if (networks.FirstPrior.Latent != first) throw new ArgumentException(
            $"HierarchicalVae: p(z1|z2) must have the {first} dimensions of q(z1|x, z2), found {networks.FirstPrior.Latent}.");
        return first + Vae.Checked(networks.SecondEncoder, prior);
    }
}

/// <summary>The conditional distributions of a <see cref="HierarchicalVae"/>.</summary>
public sealed record HierarchicalVaeNetworks
{
    /// <summary>q(z2|x), from images.</summary>
    public required GaussianEncoder SecondEncoder { get; init; }

    /// <summary>From images to features [samples, a].</summary>
    public required Module ImageFeatures { get; init; }

    /// <summary>From z2 to features [samples, b].</summary>
    public required Module LatentFeatures { get; init; }

    /// <summary>q(z1|x, z2), from both features side by side, [samples, a + b].</summary>
    public required GaussianEncoder FirstEncoder { get; init; }

    /// <summary>p(z1|z2), from z2.</summary>
    public required GaussianEncoder FirstPrior { get; init; }

    /// <summary>From z1 to features [samples, c].</summary>
    public required Module FirstDecoderFeatures { get; init; }

    /// <summary>From z2 to features [samples, d].</summary>
    public required Module SecondDecoderFeatures { get; init; }

    /// <summary>From both side by side, [samples, c + d], to logits [samples, ...] of the pixels.</summary>
    public required Module Decoder { get; init; }
}
