namespace Engine.Models.Variational;

/// <summary>
/// How much each dimension of the latents says about the image: the variance, over images, of the mean of q(z|x) (Burda, Grosse and
/// Salakhutdinov 2016, section 5.2). A dimension that the model does not use keeps its mean at 0 whatever the image.
/// </summary>
public sealed class LatentActivity
{
    /// <summary>From this variance on, a dimension counts as active (the paper's threshold).</summary>
    public const double Threshold = 0.01;

    private readonly double[] _variances;

    /// <summary>Measures the activity over some images.</summary>
    /// <param name="latents">The means of q(z|x), [images, latent]:
    /// <see cref="LatentVariableModel.Encode(ReadOnlySpan{float}, Engine.Kernels.Shape, int, CancellationToken)"/>.</param>
    /// <param name="latent">Dimensions of z.</param>
    /// <exception cref="ArgumentException">There is no whole number of latents.</exception>
    public LatentActivity(ReadOnlySpan<float> latents, int latent)
    {
        if (latent < 1 || latents.Length == 0 || latents.Length % latent != 0)
            throw new ArgumentException($"Latents of {latent} values each were expected, found {latents.Length} values.");
        int count = latents.Length / latent;
        double[] sums = new double[latent], squares = new double[latent];
        for (int i = 0; i < latents.Length; i++)
        {
            sums[i % latent] += latents[i];
            squares[i % latent] += (double)latents[i] * latents[i];
        }

        _variances = [.. sums.Zip(squares, (sum, square) => Math.Max(0, (square / count) - (sum / count * (sum / count))))];
    }

    /// <summary>The variance of each dimension's mean.</summary>
    public IReadOnlyList<double> Variances => _variances;

    /// <summary>The number of dimensions that the model uses.</summary>
    public int Active => _variances.Count(variance => variance > Threshold);

    /// <summary>The dimensions, the most active one first.</summary>
    public IReadOnlyList<int> Ranked => [.. Enumerable.Range(0, _variances.Length).OrderByDescending(dimension => _variances[dimension])];
}
