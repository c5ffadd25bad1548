using Engine.Kernels;

namespace Engine.Models.Variational;

/// <summary>How strange an image is to a model: the negative of a lower bound of log p(x), in nats.</summary>
public sealed class AnomalyScore
{
    /// <summary>Samples of z for each image.</summary>
    public int Samples { get; init; } = 10;

    /// <summary>Whether the bound is the importance-weighted one, which is closer to log p(x); else the evidence lower bound.</summary>
    public bool ImportanceWeighted { get; init; }

    /// <summary>Scores images.</summary>
    /// <param name="vae">The model.</param>
    /// <param name="images">Images, one after another.</param>
    /// <param name="shape">Their shape, [images, ...].</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <returns>One score for each image; higher is stranger.</returns>
    public double[] Of(Vae vae, ReadOnlySpan<float> images, Shape shape, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(vae);
        double[] bounds = ImportanceWeighted ? vae.LogLikelihood(images, shape, Samples, random) : vae.EvidenceLowerBound(images, shape, Samples, random);
        return [.. bounds.Select(bound => -bound)];
    }
}
