using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Models.Variational;

/// <summary>
/// A variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114): an encoder q(z|x) and a decoder p(x|z), trained together on a
/// lower bound of log p(x), with a standard normal prior on z.
/// </summary>
public sealed partial class Vae : Module
{
    /// <summary>Joins an encoder and a decoder.</summary>
    /// <param name="encoder">q(z|x).</param>
    /// <param name="decoder">From z [samples, latent] to logits [samples, ...] of the pixels.</param>
    public Vae(GaussianEncoder encoder, Module decoder)
    {
        Encoder = AddModule("encoder", encoder);
        Decoder = AddModule("decoder", decoder);
    }

    /// <summary>q(z|x).</summary>
    public GaussianEncoder Encoder { get; }

    /// <summary>From z to the logits of the pixels.</summary>
    public Module Decoder { get; }

    /// <summary>Dimensions of z.</summary>
    public int Latent => Encoder.Latent;

    /// <summary>The reconstruction: the decoder's pixels, in [0, 1], at the mean of q(z|x).</summary>
    public override Tensor Forward(Tensor x) => Decode(Encoder.Forward(x));

    /// <summary>The pixels, in [0, 1], that the decoder gives for z: [samples, ...] for [samples, latent].</summary>
    public Tensor Decode(Tensor z) => Decoder.Forward(z).Sigmoid();

    /// <summary>New images: the decoder's pixels at z drawn from the prior.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of z.</param>
    public Tensor Sample(int count, RandomStream random)
    {
        Parameter any = Parameters[0];
        return Decode(Tensor.Normal([count, Latent], random, dtype: any.DType, device: any.Device));
    }

    /// <summary>The loss of a batch: the negative of a lower bound of log p(x), in nats for each image.</summary>
    /// <param name="x">Images [batch, ...], in [0, 1].</param>
    /// <param name="objective">Which bound.</param>
    /// <param name="random">The source of the noise.</param>
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
        if (objective.Reconstruction == Reconstruction.Bernoulli) return Autograd.Likelihoods.LogLikelihood.Bernoulli(output, target);
        target = samples == 1 ? target.Reshape(output.Shape) : target.BroadcastTo(output.Shape);
        return -Loss.MeanSquaredError(output.Sigmoid(), target, Reduction.Rows);
    }

    // The gradient of L_k is the sum over the samples of (w_i / sum w) grad log w_i (Burda, Grosse and Salakhutdinov 2016, equation 14): an
    // expectation, which some samples drawn in proportion to w_i estimate without bias.
    private VaeLosses Resampled(Tensor x, VaeObjective objective, RandomStream random)
    {
        (int batch, int samples, int drawn) = (x.Shape[0], objective.Samples, objective.Resampled);
        (Tensor mean, Tensor logVariance) = Encoder.Parameterize(x);
        Tensor noise = Noise(mean, samples, random);
        float[] places = random.Uniform(batch);
        double[] logWeights;
        (double Bound, double Reconstruction, double Divergence) value;
        using (new Tape(x.Device, record: false))
        {
            (Tensor logLikelihood, Tensor logRatio) = LogWeights(x, mean, logVariance, noise, objective);
            Tensor weights = Weights(logLikelihood, logRatio, objective);
            logWeights = weights.ToDoubles();
            value = ((weights.LogSumExp(0) - Math.Log(samples)).Mean().Item(), logLikelihood.Mean().Item(), logRatio.Mean().Item());
        }

        int[] chosen = SystematicResampling.Draw(logWeights, samples, batch, drawn, places);
        Tensor chosenNoise = noise.Reshape(samples * batch, Latent).Gather(Tensor.From(chosen, [drawn * batch]))
            .Reshape(drawn, batch, Latent);
        (Tensor chosenLikelihood, Tensor chosenRatio) = LogWeights(x, mean, logVariance, chosenNoise, objective);
        Tensor surrogate = -Weights(chosenLikelihood, chosenRatio, objective).Mean();

        // Its gradient is the surrogate's, its value that of the bound over all samples.
        Tensor loss = surrogate - surrogate.Detach() - value.Bound;
        return new VaeLosses(loss, Tensor.Full([], -value.Reconstruction, x.DType), Tensor.Full([], -value.Divergence, x.DType));
    }
}

/// <summary>
/// Draws samples in proportion to their weights with the least variance: a comb of equal distances over the cumulated weights (Kitagawa
/// 1996, "Monte Carlo filter and smoother", systematic resampling). A sample of weight w comes floor(n w) or ceil(n w) times, n w times in
/// expectation.
/// </summary>
internal static class SystematicResampling
{
    /// <summary>Draws for each column of a matrix of weights.</summary>
    /// <param name="logWeights">Logarithms of the weights, [samples, columns]; each column's may lack any common factor.</param>
    /// <param name="samples">Rows.</param>
    /// <param name="columns">Columns, drawn for independently.</param>
    /// <param name="drawn">How many to draw for each column.</param>
    /// <param name="places">Where each column's comb begins, in [0, 1).</param>
    /// <returns>Places in the matrix, row * columns + column: [drawn, columns].</returns>
    internal static int[] Draw(ReadOnlySpan<double> logWeights, int samples, int columns, int drawn, ReadOnlySpan<float> places)
    {
        int[] chosen = new int[drawn * columns];
        for (int j = 0; j < columns; j++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            for (int i = 0; i < samples; i++) largest = Math.Max(largest, logWeights[(i * columns) + j]);
            for (int i = 0; i < samples; i++) sum += Math.Exp(logWeights[(i * columns) + j] - largest);

            // The last sample takes what rounding leaves of the comb.
            double gone = 0;
            int taken = 0;
            for (int i = 0; i < samples; i++)
            {
                gone += Math.Exp(logWeights[(i * columns) + j] - largest) / sum * drawn;
                for (; taken < drawn && (taken + places[j] < gone || i == samples - 1); taken++) chosen[(taken * columns) + j] =
                    (i * columns) + j;
            }
        }

        return chosen;
    }
}
