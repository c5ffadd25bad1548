using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Models.Variational;

public sealed partial class Vae
{
    /// <summary>The loss of a batch: the negative of a lower bound of log p(x), in nats for each image.</summary>
    /// <param name="x">Images [batch, ...], in [0, 1].</param>
    /// <param name="objective">Which bound.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <exception cref="ArgumentOutOfRangeException">The objective asks for no sample, or for less than no resampled one.</exception>
    public VaeLosses Losses(Tensor x, VaeObjective objective, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(objective.Samples, 1, "objective.Samples");
        ArgumentOutOfRangeException.ThrowIfNegative(objective.Resampled, "objective.Resampled");
        if (!objective.ImportanceWeighted) return Evidence(x, objective, random);
        return objective.Resampled > 0 ? Resampled(x, objective, random) : Importance(x, objective, random);
    }

    // -ELBO = E_q[-log p(x|z)] + beta KL(q(z|x) || N(0, 1))
    private VaeLosses Evidence(Tensor x, VaeObjective objective, RandomStream random)
    {
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        Tensor z = Draw(mean, logVariance, Noise(mean, objective.Samples, random));
        Tensor reconstruction = -LogLikelihood(x, z, objective).Mean();

        Tensor divergence = KullbackLeibler.ToStandardGaussian(mean, logVariance).Mean();
        return new VaeLosses(reconstruction + (objective.Beta * divergence), reconstruction, divergence);
    }

    // -L_k = -E[log 1/k sum_i w_i], w_i = p(x|z_i) p(z_i) / q(z_i|x) (Burda, Grosse and Salakhutdinov 2016, equation 8)
    private VaeLosses Importance(Tensor x, VaeObjective objective, RandomStream random)
    {
        (Tensor logLikelihood, Tensor logRatio) = LogWeights(x, objective, random);
        Tensor bound = Weights(logLikelihood, logRatio, objective).LogSumExp(0) - Math.Log(objective.Samples);
        return new VaeLosses(-bound.Mean(), -logLikelihood.Detach().Mean(), -logRatio.Detach().Mean());
    }

    private static Tensor Weights(Tensor logLikelihood, Tensor logRatio, VaeObjective objective) =>
        logLikelihood + (objective.Beta == 1 ? logRatio : objective.Beta * logRatio);

    // log p(x|z) and log p(z) - log q(z|x), [samples, batch] each.
    private (Tensor LogLikelihood, Tensor LogRatio) LogWeights(Tensor x, VaeObjective objective, RandomStream random)
    {
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        return LogWeights(x, mean, logVariance, Noise(mean, objective.Samples, random), objective);
    }

    private (Tensor LogLikelihood, Tensor LogRatio) LogWeights(
        Tensor x, Tensor mean, Tensor logVariance, Tensor noise, VaeObjective objective)
    {
        Tensor z = Draw(mean, logVariance, noise);

        // log p(z) - log q(z|x) = 1/2 sum(noise² + logVariance - z²), because (z - mean) / e^(logVariance / 2) is the noise
        return (LogLikelihood(x, z, objective), 0.5 * (noise.Square() + logVariance - z.Square()).Sum(-1));
    }

    // [samples, batch, latent]
    private static Tensor Noise(Tensor mean, int samples, RandomStream random) =>
        Tensor.Normal([samples, .. mean.Shape.ToArray()], random, dtype: mean.DType);

    // z = mean + e^(logVariance / 2) noise: [samples, batch, latent]
    private static Tensor Draw(Tensor mean, Tensor logVariance, Tensor noise) => noise.Shape[0] == 1
        ? Sampling.Reparameterize(mean, logVariance, noise.Reshape(mean.Shape)).Reshape(noise.Shape)
        : mean + ((0.5 * logVariance).Exp() * noise);

    // log p(x|z), summed over the pixels: [samples, batch] for z [samples, batch, latent]
    private Tensor LogLikelihood(Tensor x, Tensor z, VaeObjective objective)
    {
        (int samples, int batch) = (z.Shape[0], z.Shape[1]);
        Tensor output = Decoder.Forward(z.Reshape(samples * batch, Latent)).Reshape(samples, batch, x.Count / batch);
        Tensor target = x.Reshape(batch, x.Count / batch);
        return objective.Reconstruction == Reconstruction.Bernoulli
            ? Autograd.Likelihoods.LogLikelihood.Bernoulli(output, target)
            : -Loss.MeanSquaredError(output.Sigmoid(), target, Reduction.Rows);
    }
}
