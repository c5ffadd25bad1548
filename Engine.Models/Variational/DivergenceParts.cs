using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// What the divergence of q(z|x) from N(0, 1), averaged over the images of a data set, consists of (Chen et al. 2018, arXiv:1802.04942,
/// equation 2), in nats. q(z) is the mean of q(z|x) over the data set.
/// </summary>
/// <param name="MutualInformation">E[log q(z|x) - log q(z)], the index-code mutual information: what z says of which image it is.</param>
/// <param name="TotalCorrelation">E[log q(z) - sum of log q(z_d)]: how far the dimensions of z depend on each other.</param>
/// <param name="DimensionWise">E[sum of log q(z_d) - log p(z_d)]: how far each of them is from N(0, 1).</param>
public readonly record struct DivergenceParts(Tensor MutualInformation, Tensor TotalCorrelation, Tensor DimensionWise)
{
    /// <summary>
    /// Estimates the parts from the images of a batch, differentiably: q(z) from those of the batch alone, weighted for the size of the
    /// data set (minibatch weighted sampling, equation 3). The logarithms of q(z) and q(z_d) come out too low, and so the mutual
    /// information too high; the sum of the parts is right.
    /// </summary>
    /// <param name="z">Samples of q(z|x), [samples, batch, latent].</param>
    /// <param name="mean">The means of q(z|x), [batch, latent].</param>
    /// <param name="logVariance">The logarithms of its variances, [batch, latent].</param>
    /// <param name="images">N, the number of images in the data set; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no images.</exception>
    public static DivergenceParts Estimate(Tensor z, Tensor mean, Tensor logVariance, int images)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);

        // log q(z) = log 1/(N M) sum over the batch of q(z|x)
        return Of(z, mean, logVariance, -Math.Log((double)images * mean.Shape[0]));
    }

    /// <summary>
    /// Measures the parts over images that are the whole data set, with one sample of z for each: q(z) is the mean over all of them, so
    /// that the mutual information is at most the logarithm of their number.
    /// </summary>
    /// <param name="vae">The model.</param>
    /// <param name="images">Images, one after another.</param>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>The three parts, in nats.</returns>
    /// <exception cref="ArgumentException">There is no whole number of images.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static (double MutualInformation, double TotalCorrelation, double DimensionWise) Measure(
        Vae vae, ReadOnlySpan<float> images, int count, RandomStream random,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(vae);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (images.Length == 0 || images.Length % count != 0) throw new ArgumentException(
            $"{count} images were expected, found {images.Length} values.");
        Parameter any = vae.Parameters[0];
        using IDisposable evaluation = vae.Evaluating();
        using Tape tape = new(any.Device, record: false);
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Tensor.From(images, [count, images.Length / count]).Cast(any.DType));
        Tensor z = LatentDraw.Reparameterize(
            mean, logVariance, Tensor.Normal([1, count, vae.Latent], random, dtype: any.DType));
        (double information, double correlation, double divergence) = (0, 0, 0);
        const int AtOnce = 50;
        for (int first = 0; first < count; first += AtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int some = Math.Min(AtOnce, count - first);
            using Tape part = new(any.Device, record: false);
            DivergenceParts parts = Of(z.Slice(1, first, some), mean, logVariance, -Math.Log(count), first);
            information += parts.MutualInformation.Item() * some / count;
            correlation += parts.TotalCorrelation.Item() * some / count;
            divergence += parts.DimensionWise.Item() * some / count;
        }

        return (information, correlation, divergence);
    }

    /// <summary>The sum of the parts, each with its weight.</summary>
    /// <param name="weights">The weights.</param>
    public Tensor Weighted(DivergenceWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return (weights.MutualInformation * MutualInformation) + (weights.TotalCorrelation * TotalCorrelation)
            + (weights.DimensionWise * DimensionWise);
    }

    /// <summary>The divergence itself.</summary>
    public Tensor Sum() => MutualInformation + TotalCorrelation + DimensionWise;

    /// <summary>The parts for some z, those of the images from <paramref name="first"/> on.</summary>
    private static DivergenceParts Of(Tensor z, Tensor mean, Tensor logVariance, double logFactor, int first = 0)
    {
        (int samples, int some, int latent, int batch) = (z.Shape[0], z.Shape[1], z.Shape[2], mean.Shape[0]);

        // log q(z_d|x) of every z under every image: [samples, some, batch, latent]
        Tensor each = LogLikelihood.Gaussian(z.Reshape(samples, some, 1, latent), mean, logVariance, Reduction.None);
        Tensor own = LogLikelihood.Gaussian(z, mean.Slice(0, first, some), logVariance.Slice(0, first, some));
        Tensor whole = each.Sum(-1).LogSumExp(-1) + logFactor, single = (each.LogSumExp(2) + logFactor).Sum(-1);
        Tensor prior = -0.5 * (z.Square() + LatentDraw.LogTwoPi).Sum(-1);
        return new DivergenceParts((own - whole).Mean(), (whole - single).Mean(), (single - prior).Mean());
    }
}

/// <summary>
/// The weights of the parts of the divergence in an objective: alpha, beta and gamma of Chen et al. (2018, equation 4). With all of them 1
/// it is the evidence lower bound.
/// </summary>
/// <param name="Images">N, the number of images that training goes through.</param>
public sealed record DivergenceWeights(int Images)
{
    /// <summary>alpha: of the index-code mutual information.</summary>
    public double MutualInformation { get; init; } = 1;

    /// <summary>beta: of the total correlation.</summary>
    public double TotalCorrelation { get; init; } = 1;

    /// <summary>gamma: of the dimension-wise divergence.</summary>
    public double DimensionWise { get; init; } = 1;
}
