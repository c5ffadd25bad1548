using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// A variational autoencoder of sequences (Bowman et al. 2016, "Generating sentences from a continuous space", arXiv:1511.06349): an
/// encoder reads a sequence and says with its last step where z is, q(z|x) = N(mean, e^logVariance); a decoder writes it again, element by
/// element, from z and what it has written. A decoder that sees what came before can do without z, and then q(z|x) collapses to the
/// prior: free bits and a warm-up in <see cref="SequenceObjective"/>, and inputs that are left out, are against that.
/// </summary>
public sealed class SequenceVae : Module
{
    private readonly CausalNetwork _encoder;
    private readonly Linear _mean, _logVariance;

    /// <summary>Joins an encoder and a decoder.</summary>
    /// <param name="encoder">From elements that were read to features; it takes no latent.</param>
    /// <param name="decoder">p(x|z). Its table of elements is the encoder's, too.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">The decoder takes no latent, or the encoder does.</exception>
    public SequenceVae(CausalNetwork encoder, SequenceModel decoder, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoder);
        if (encoder.Latent != 0 || decoder.Latent == 0) throw new ArgumentException(
            $"SequenceVae: expected an encoder without a latent and a decoder with one, found {encoder.Latent} and {decoder.Latent} "
            + "dimensions.");
        _encoder = AddModule("encoder", encoder);
        _mean = AddModule("mean", new Linear(encoder.Features, decoder.Latent, options));
        _logVariance = AddModule("logvar", new Linear(encoder.Features, decoder.Latent, options));
        Decoder = AddModule("decoder", decoder);
    }

    /// <summary>p(x|z).</summary>
    public SequenceModel Decoder { get; }

    /// <summary>Dimensions of z.</summary>
    public int Latent => Decoder.Latent;

    /// <summary>The mean of q(z|x), [batch, latent], for elements [batch, steps, ...] without padding.</summary>
    public override Tensor Forward(Tensor x)
    {
        Tensor features = _encoder.Forward(Decoder.Elements.Embed(x));
        return _mean.Forward(Last(features, [.. Enumerable.Repeat(features.Shape[1], features.Shape[0])]));
    }

    /// <summary>Mean and log-variance of q(z|x): [batch, latent] each.</summary>
    /// <param name="batch">The sequences.</param>
    public (Tensor Mean, Tensor LogVariance) Parameterize(SequenceBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Tensor last = Last(_encoder.Forward(Decoder.Elements.Embed(batch.Elements)), batch.Lengths);
        return (_mean.Forward(last), _logVariance.Forward(last));
    }

    /// <summary>The loss of a batch: the negative of the evidence lower bound, in nats for each sequence.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="objective">How much the divergence weighs.</param>
    /// <param name="random">The source of the noise.</param>
    public VaeLosses Losses(SequenceBatch batch, SequenceObjective objective, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(objective);
        (Tensor mean, Tensor logVariance) = Parameterize(batch);
        Tensor z = Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random, dtype: mean.DType));
        Tensor reconstruction = -Decoder.LogLikelihood(batch, z).Mean();

        // KL(q(z_d|x) || N(0, 1)) of each dimension, averaged over the batch
        Tensor each = KullbackLeibler.ToStandardGaussian(mean, logVariance, Reduction.None).Mean(0);
        return new VaeLosses(reconstruction + (objective.Beta * objective.Charged(each)), reconstruction, each.Sum());
    }

    /// <summary>-ELBO and its divergence, of each sequence, in nats, with one sample of z: [batch] each.</summary>
    /// <param name="batch">The sequences, on a tape that need not record.</param>
    /// <param name="random">The source of the noise.</param>
    public (Tensor Bound, Tensor Divergence) NegativeBound(SequenceBatch batch, RandomStream random)
    {
        (Tensor mean, Tensor logVariance) = Parameterize(batch);
        Tensor z = Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random, dtype: mean.DType));
        Tensor divergence = KullbackLeibler.ToStandardGaussian(mean, logVariance);
        return (divergence - Decoder.LogLikelihood(batch, z), divergence);
    }

    /// <summary>
    /// log p(x) of each sequence, in nats, by importance sampling from q(z|x): log of the mean of p(x, z) / q(z|x), from below in
    /// expectation (Burda et al. 2016, section 5).
    /// </summary>
    /// <param name="batch">The sequences, on a tape that need not record.</param>
    /// <param name="samples">Samples of z for each; at least 1.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double[] LogLikelihood(
        SequenceBatch batch, int samples, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        (Tensor mean, Tensor logVariance) = Parameterize(batch);
        double[] sums = new double[batch.Count];
        Array.Fill(sums, double.NegativeInfinity);
        for (int i = 0; i < samples; i++)
        {
            cancellation.ThrowIfCancellationRequested();

            // log w = log p(x|z) + 1/2 sum(noise² + logVariance - z²)
            using Tape tape = new(mean.Device, record: false);
            Tensor noise = Tensor.Normal(mean.Shape, random, dtype: mean.DType), z = Sampling.Reparameterize(mean, logVariance, noise);
            double[] weights = (Decoder.LogLikelihood(batch, z)
                + (0.5 * (noise.Square() + logVariance - z.Square()).Sum(-1))).ToDoubles();
            for (int k = 0; k < sums.Length; k++)
            {
                double larger = Math.Max(sums[k], weights[k]);
                sums[k] = larger + Math.Log(Math.Exp(sums[k] - larger) + Math.Exp(weights[k] - larger));
            }
        }

        return [.. sums.Select(sum => sum - Math.Log(samples))];
    }

    // The step that has seen the whole sequence.
    private static Tensor Last(Tensor features, int[] lengths)
    {
        (int batch, int steps, int width) = (features.Shape[0], features.Shape[1], features.Shape[2]);
        int[] places = [.. lengths.Select((length, i) => (i * steps) + length - 1)];
        return features.Reshape(batch * steps, width).Gather(Tensor.From(places, [batch]));
    }
}

/// <summary>What a <see cref="SequenceVae"/> is trained to minimise: reconstruction + beta divergence.</summary>
public sealed record SequenceObjective
{
    /// <summary>
    /// The weight of the divergence, 1 for the bound; less at the beginning of training for a warm-up (Bowman et al. 2016).
    /// </summary>
    public double Beta { get; init; } = 1;

    /// <summary>
    /// Nats that the divergence has for free, in equal shares for all dimensions (free bits, Kingma et al. 2016, arXiv:1606.04934, appendix
    /// C.8): below its share a dimension costs as much as at it, so that nothing is won by saying less.
    /// </summary>
    public double FreeNats { get; init; }

    /// <summary>What the divergence of dimensions, [latent], costs.</summary>
    internal Tensor Charged(Tensor each) =>
        (FreeNats > 0 ? Tensor.Maximum(each, Tensor.Full([], FreeNats / each.Count, each.DType)) : each).Sum();
}
