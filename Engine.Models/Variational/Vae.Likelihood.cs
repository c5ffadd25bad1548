using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

public sealed partial class Vae
{
    /// <summary>
    /// log p(x) of each image, in nats, by importance sampling from q(z|x): log of the mean of <paramref name="samples"/> weights
    /// p(x, z) / q(z|x). From below in expectation, and closer with more samples; 5,000 are usual (Burda et al. 2016, section 5).
    /// </summary>
    /// <param name="images">Images, one after another; each pixel 0 or 1, or a grey in [0, 1].</param>
    /// <param name="shape">Their shape, [images, ...].</param>
    /// <param name="samples">k, at least 1.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <param name="rows">How many z are decoded at once: what fits the caches.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>One value for each image.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is less than 1.</exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public double[] LogLikelihood(
        ReadOnlySpan<float> images, Shape shape, int samples, RandomStream random, int rows = 2000,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        int atOnce = Math.Min(samples, rows);
        double[] result = new double[shape[0]];
        using Evaluation evaluation = new(this);
        foreach ((Shape part, Range pixels, Range place) in Parts(shape, Math.Max(1, rows / atOnce)))
            LogSumExp(images[pixels], part, samples, atOnce, random, result.AsSpan(place), cancellation);
        for (int i = 0; i < result.Length; i++) result[i] -= Math.Log(samples);
        return result;
    }

    // log of the sum of the weights of each image, added up in double: the weights of 5,000 samples span hundreds of nats.
    private void LogSumExp(ReadOnlySpan<float> images, Shape shape, int samples, int atOnce, RandomStream random, Span<double> result,
        CancellationToken cancellation)
    {
        result.Fill(double.NegativeInfinity);
        for (int done = 0; done < samples; done += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images, shape).Cast(Parameters[0].DType);
            VaeObjective objective = new() { Samples = Math.Min(atOnce, samples - done) };
            (Tensor logLikelihood, Tensor logRatio) = LogWeights(x, objective, random);
            double[] sums = (logLikelihood + logRatio).LogSumExp(0).ToDoubles();
            for (int i = 0; i < result.Length; i++)
            {
                double larger = Math.Max(result[i], sums[i]);
                result[i] = larger + Math.Log(Math.Exp(result[i] - larger) + Math.Exp(sums[i] - larger));
            }
        }
    }
}
