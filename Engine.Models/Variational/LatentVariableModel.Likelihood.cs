using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

public abstract partial class LatentVariableModel
{
    /// <summary>
    /// log p(x) of each image, in nats, by importance sampling from q(z|x): log of the mean of <paramref name="samples"/> weights
    /// p(x, z) / q(z|x). From below in expectation, and closer with more samples; 5,000 are usual (Burda et al. 2016, section 5).
    /// </summary>
    /// <param name="images">Images, one after another; each pixel 0 or 1, or a grey in [0, 1].</param>
    /// <param name="shape">Their shape, [images, ...].</param>
    /// <param name="samples">k, at least 1.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="rows">How many z are decoded at once: what fits the caches.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>One value for each image.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
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

    /// <summary>
    /// The evidence lower bound of log p(x) of each image, in nats: the mean of log p(x|z) over samples of z, less KL(q(z|x) || p(z)).
    /// </summary>
    /// <inheritdoc cref="LogLikelihood(ReadOnlySpan{float}, Shape, int, RandomStream, int, CancellationToken)"/>
    public double[] EvidenceLowerBound(
        ReadOnlySpan<float> images, Shape shape, int samples, RandomStream random, int rows = 2000,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        double[] result = new double[shape[0]];
        VaeObjective objective = new() { Samples = samples };
        using Evaluation evaluation = new(this);
        foreach ((Shape part, Range pixels, Range place) in Parts(shape, Math.Max(1, rows / samples)))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images[pixels], part).Cast(Parameters[0].DType);
            LatentDraw draw = Infer(x)(Noise(x, samples, random));
            Tensor divergence = draw.Divergence();
            if (divergence.Shape.Rank > 1) divergence = divergence.Mean(0);
            (LogLikelihood(x, draw.Z, objective).Mean(0) - divergence).ToDoubles().CopyTo(result.AsSpan(place));
        }

        return result;
    }

    /// <summary>The means of q(z|x) of each image: what the image is, to the model.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="shape">Their shape, [images, ...].</param>
    /// <param name="rows">How many are encoded at once.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>[images, latent], in row-major order.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Encode(ReadOnlySpan<float> images, Shape shape, int rows = 1000, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        float[] result = new float[shape[0] * Latent];
        using Evaluation evaluation = new(this);
        foreach ((Shape part, Range pixels, Range place) in Parts(shape, rows))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor mean = Encode(Tensor.From(images[pixels], part).Cast(Parameters[0].DType));
            mean.Cast(DType.Float32).ToArray().CopyTo(result.AsSpan(place.Start.Value * Latent));
        }

        return result;
    }

    /// <summary>The decoder's pixels, in [0, 1], for latents.</summary>
    /// <param name="latents">[images, latent], in row-major order.</param>
    /// <param name="rows">How many are decoded at once.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>Images, one after another.</returns>
    /// <exception cref="ArgumentException">There is no whole number of latents.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Decode(ReadOnlySpan<float> latents, int rows = 1000, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        if (latents.Length == 0 || latents.Length % Latent != 0)
            throw new ArgumentException($"Latents of {Latent} values each were expected, found {latents.Length} values.");
        List<float> result = [];
        using Evaluation evaluation = new(this);
        foreach ((Shape part, Range range, _) in Parts([latents.Length / Latent, Latent], rows))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            result.AddRange(Decode(Tensor.From(latents[range], part).Cast(Parameters[0].DType)).Cast(DType.Float32).ToArray());
        }

        return [.. result];
    }

    /// <summary>New images: the decoder's pixels, in [0, 1], at z drawn from the prior.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of z.</param>
    /// <param name="rows">How many are decoded at once.</param>
    /// <param name="cancellation">Cancels the computation; looked at before the prior is drawn from and before each decoding.</param>
    /// <returns>Images, one after another.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] SampleImages(int count, RandomStream random, int rows = 1000, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        List<float> result = [];
        using Evaluation evaluation = new(this);
        using Tape drawn = new(Parameters[0].Device, record: false);
        Tensor z = SamplePrior(count, random, cancellation);
        foreach ((Shape part, _, Range place) in Parts(z.Shape, rows))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Parameters[0].Device, record: false);
            result.AddRange(Decode(z.Slice(0, place.Start.Value, part[0])).Cast(DType.Float32).ToArray());
        }

        return [.. result];
    }

    // Shape, place of the elements and place of the samples of each part of at most so many samples.
    private static IEnumerable<(Shape Shape, Range Elements, Range Samples)> Parts(Shape shape, int atOnce)
    {
        int length = shape.Count / Math.Max(1, shape[0]);
        for (int first = 0; first < shape[0]; first += atOnce)
        {
            int count = Math.Min(atOnce, shape[0] - first);
            yield return (shape.With(0, count), (first * length)..((first + count) * length), first..(first + count));
        }
    }

    // Puts the model into evaluation mode, and afterwards back.
    private readonly ref struct Evaluation
    {
        private readonly LatentVariableModel _model;
        private readonly bool _wasTraining;

        internal Evaluation(LatentVariableModel model)
        {
            (_model, _wasTraining) = (model, model.IsTraining);
            model.Eval();
        }

        internal void Dispose() => _model.Train(_wasTraining);
    }
}
