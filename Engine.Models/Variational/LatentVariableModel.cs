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
/// A model of images with latents z: p(x) is the integral of p(z) p(x|z), and training maximises lower bounds of log p(x) that an encoder
/// q(z|x) gives (Kingma and Welling 2013, arXiv:1312.6114). <see cref="Vae"/> has one level of latents, <see cref="HierarchicalVae"/> two.
/// </summary>
public abstract partial class LatentVariableModel : Module
{
    private protected LatentVariableModel(int latent) => Latent = latent;

    /// <summary>Dimensions of z, of all levels together.</summary>
    public int Latent { get; }

    /// <summary>The logits of the pixels, p(x|z): [samples, ...] for z [samples, latent].</summary>
    public abstract Tensor Logits(Tensor z);

    /// <summary>Where the encoder puts images, without noise: [samples, latent], the means of q(z|x).</summary>
    public abstract Tensor Encode(Tensor x);

    /// <summary>Draws from p(z): [count, latent].</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public abstract Tensor SamplePrior(int count, RandomStream random, CancellationToken cancellation = default);

    /// <summary>The encoder at some images: from noise [samples, batch, latent] to samples of q(z|x).</summary>
    private protected abstract Func<Tensor, LatentDraw> Infer(Tensor x);

    /// <summary>The reconstruction: the decoder's pixels, in [0, 1], at what <see cref="Encode(Tensor)"/> gives.</summary>
    public override Tensor Forward(Tensor x) => Decode(Encode(x));

    /// <summary>The pixels, in [0, 1], that the decoder gives for z: [samples, ...] for [samples, latent].</summary>
    public Tensor Decode(Tensor z) => Logits(z).Sigmoid();

    /// <summary>New images: the decoder's pixels at z drawn from the prior.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of z.</param>
    public Tensor Sample(int count, RandomStream random) => Decode(SamplePrior(count, random));

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
        if (objective.Weights is not null) throw new ArgumentException(
            "Weights for the parts of the divergence need the evidence lower bound, found the importance-weighted one.");
        return objective.Resampled > 0 ? Resampled(x, objective, random) : Importance(x, objective, random);
    }

    // -ELBO = E_q[-log p(x|z)] + beta KL(q(z|x) || p(z))
    private protected virtual VaeLosses Evidence(Tensor x, VaeObjective objective, RandomStream random)
    {
        if (objective.Weights is not null) throw new ArgumentException(
            $"{GetType().Name}: weights for the parts of the divergence need one level of latents and a standard normal prior.");
        LatentDraw draw = Infer(x)(Noise(x, objective.Samples, random));
        Tensor reconstruction = -LogLikelihood(x, draw.Z, objective).Mean(), divergence = draw.Divergence().Mean();
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
    private (Tensor LogLikelihood, Tensor LogRatio) LogWeights(Tensor x, VaeObjective objective, RandomStream random) =>
        LogWeights(x, Infer(x), Noise(x, objective.Samples, random), objective);

    private (Tensor LogLikelihood, Tensor LogRatio) LogWeights(
        Tensor x, Func<Tensor, LatentDraw> infer, Tensor noise, VaeObjective objective)
    {
        LatentDraw draw = infer(noise);
        return (LogLikelihood(x, draw.Z, objective), draw.LogRatio());
    }

    // [samples, batch, latent]
    private protected Tensor Noise(Tensor x, int samples, RandomStream random) =>
        Tensor.Normal([samples, x.Shape[0], Latent], random, dtype: x.DType);

    // log p(x|z), summed over the pixels: [samples, batch] for z [samples, batch, latent]
    private protected Tensor LogLikelihood(Tensor x, Tensor z, VaeObjective objective)
    {
        (int samples, int batch) = (z.Shape[0], z.Shape[1]);
        Tensor output = Logits(z.Reshape(samples * batch, Latent)).Reshape(samples, batch, x.Count / batch);
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
        Func<Tensor, LatentDraw> infer = Infer(x);
        Tensor noise = Noise(x, samples, random);
        float[] places = random.Uniform(batch);
        double[] logWeights;
        (double Bound, double Reconstruction, double Divergence) value;
        using (new Tape(x.Device, record: false))
        {
            (Tensor logLikelihood, Tensor logRatio) = LogWeights(x, infer, noise, objective);
            Tensor weights = Weights(logLikelihood, logRatio, objective);
            logWeights = weights.ToDoubles();
            value = ((weights.LogSumExp(0) - Math.Log(samples)).Mean().Item(), logLikelihood.Mean().Item(), logRatio.Mean().Item());
        }

        int[] chosen = SystematicResampling.Draw(logWeights, samples, batch, drawn, places);
        Tensor chosenNoise = noise.Reshape(samples * batch, Latent).Gather(Tensor.From(chosen, [drawn * batch]))
            .Reshape(drawn, batch, Latent);
        (Tensor chosenLikelihood, Tensor chosenRatio) = LogWeights(x, infer, chosenNoise, objective);
        Tensor surrogate = -Weights(chosenLikelihood, chosenRatio, objective).Mean();

        // Its gradient is the surrogate's, its value that of the bound over all samples.
        Tensor loss = surrogate - surrogate.Detach() - value.Bound;
        return new VaeLosses(loss, Tensor.Full([], -value.Reconstruction, x.DType), Tensor.Full([], -value.Divergence, x.DType));
    }
}
