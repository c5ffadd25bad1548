using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Variational;

/// <summary>
/// How strange an image is to a model. The plain score is -ELBO, in nats. It also grows with how much there is in an image: a simple one of
/// an unknown kind costs less than a rich one of a known kind. So there is a second score, how far -ELBO lies above what is usual for
/// images that cost as much under independent pixels.
/// </summary>
public sealed class AnomalyScore
{
    private readonly Vae _vae;
    private readonly int _samples;
    private readonly RandomStream _random;
    private readonly IndependentPixels _plain;
    private readonly LineFit _usual;

    /// <summary>Learns what is usual.</summary>
    /// <param name="vae">The model; its encoder takes images as [images, pixels].</param>
    /// <param name="seen">Images of the known kinds, one after another; a few thousand are enough.</param>
    /// <param name="pixels">Pixels of an image.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <param name="samples">Samples of z for each image.</param>
    /// <exception cref="ArgumentException">There are fewer than two images, or no whole number of them.</exception>
    public AnomalyScore(Vae vae, ReadOnlySpan<float> seen, int pixels, RandomStream random, int samples = 10)
    {
        ArgumentNullException.ThrowIfNull(vae);
        (_vae, _samples, _random) = (vae, samples, random);
        _plain = new IndependentPixels(seen, pixels);
        _usual = new LineFit(_plain.Nats(seen), Of(seen));
    }

    /// <summary>-ELBO of each image, in nats.</summary>
    /// <param name="images">Images, one after another.</param>
    public double[] Of(ReadOnlySpan<float> images) =>
        [.. _vae.EvidenceLowerBound(images, [images.Length / _plain.Pixels, _plain.Pixels], _samples, _random).Select(bound => -bound)];

    /// <summary>How far scores lie above the usual, in nats.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="scores">Their scores: <see cref="Of"/>.</param>
    public double[] BeyondUsual(ReadOnlySpan<float> images, ReadOnlySpan<double> scores) => _usual.Above(_plain.Nats(images), scores);
}
