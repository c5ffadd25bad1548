using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using MathNet.Numerics.LinearRegression;

namespace Engine.Models.Variational;

/// <summary>
/// An anomaly score of images. The plain score is -ELBO, in nats. It also grows with how much there is in an image: a simple one of
/// an unknown kind costs less than a rich one of a known kind. So there is a second score, how far -ELBO lies above what is usual for
/// images that cost as much under independent pixels.
/// </summary>
public sealed class AnomalyScore
{
    private readonly LatentVariableModel _vae;
    private readonly int _samples;
    private readonly RandomStream _random;
    private readonly IndependentPixels _plain;

    // -ELBO = a + b x for an image that costs x nats under independent pixels.
    private readonly (double Offset, double Slope) _usual;

    /// <summary>Fits the usual scores.</summary>
    /// <param name="vae">The model; its encoder takes images as [images, pixels].</param>
    /// <param name="seen">Images of the known kinds, one after another; a few thousand are enough.</param>
    /// <param name="pixels">Pixels of an image.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="samples">Samples of z for each image.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="ArgumentException">There are fewer than two images, or no whole number of them.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public AnomalyScore(
        LatentVariableModel vae, ReadOnlySpan<float> seen, int pixels, RandomStream random, int samples = 10,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(vae);
        (_vae, _samples, _random) = (vae, samples, random);
        _plain = new IndependentPixels(seen, pixels);
        (double[] nats, double[] scores) = (_plain.Nats(seen), Of(seen, cancellation));

        // Images that all cost the same are no line, but have a mean.
        _usual = nats.Length > 1 && nats.Max() == nats.Min() ? (scores.Average(), 0) : SimpleRegression.Fit(nats, scores);
    }

    /// <summary>-ELBO of each image, in nats.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double[] Of(ReadOnlySpan<float> images, CancellationToken cancellation = default)
    {
        Shape shape = [images.Length / _plain.Pixels, _plain.Pixels];
        return [.. _vae.EvidenceLowerBound(images, shape, _samples, _random, cancellation: cancellation).Select(bound => -bound)];
    }

    /// <summary>How far scores lie above the usual, in nats.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="scores">Their scores: <see cref="Of"/>.</param>
    /// <exception cref="ArgumentException">There are not as many scores as images.</exception>
    public double[] BeyondUsual(ReadOnlySpan<float> images, ReadOnlySpan<double> scores)
    {
        double[] nats = _plain.Nats(images), result = scores.ToArray();
        if (nats.Length != result.Length) throw new ArgumentException(
            $"As many scores as images were expected, found {result.Length} and {nats.Length}.");
        for (int i = 0; i < result.Length; i++) result[i] -= _usual.Offset + (_usual.Slope * nats[i]);
        return result;
    }
}

/// <summary>
/// The simplest model of images: independent pixels, each on with the probability of its mean over some data. Its cost in nats measures how
/// much there is in an image; a trained model needs less.
/// </summary>
public sealed class IndependentPixels
{
    private readonly double[] _on;
    private readonly double[] _off;

    /// <summary>Computes the means.</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="pixels">Pixels of an image.</param>
    /// <exception cref="ArgumentException">There is no whole number of images.</exception>
    public IndependentPixels(ReadOnlySpan<float> images, int pixels)
    {
        Check(images, pixels);
        double[] sums = new double[pixels];
        for (int i = 0; i < images.Length; i++) sums[i % pixels] += images[i];
        int count = images.Length / pixels;
        _on = [.. sums.Select(sum => Math.Log(Held(sum / count)))];
        _off = [.. sums.Select(sum => Math.Log(1 - Held(sum / count)))];
    }

    /// <summary>Pixels of an image.</summary>
    public int Pixels => _on.Length;

    /// <summary>-log p(x) of each image, in nats: -sum(x log m + (1 - x) log(1 - m)).</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <exception cref="ArgumentException">There is no whole number of images.</exception>
    public double[] Nats(ReadOnlySpan<float> images)
    {
        Check(images, _on.Length);
        double[] result = new double[images.Length / _on.Length];
        for (int i = 0; i < images.Length; i++)
            result[i / _on.Length] -= (images[i] * _on[i % _on.Length]) + ((1 - images[i]) * _off[i % _on.Length]);
        return result;
    }

    // No mean of 0 or 1: what was never observed is not impossible.
    private static double Held(double mean) => Math.Clamp(mean, 0.001, 0.999);

    private static void Check(ReadOnlySpan<float> images, int pixels)
    {
        if (pixels < 1 || images.Length == 0 || images.Length % pixels != 0)
            throw new ArgumentException($"A whole number of images of {pixels} pixels was expected, found {images.Length} values.");
    }
}
