namespace Engine.Models.Variational;

/// <summary>
/// The plainest model of images: each pixel on by itself, with the probability of its mean over some data. What it costs in nats says how
/// much there is in an image; a model that learned something needs less.
/// </summary>
public sealed class IndependentPixels
{
    private readonly double[] _on;
    private readonly double[] _off;

    /// <summary>Takes the means.</summary>
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

    // No mean of 0 or 1: what was never seen is not impossible.
    private static double Held(double mean) => Math.Clamp(mean, 0.001, 0.999);

    private static void Check(ReadOnlySpan<float> images, int pixels)
    {
        if (pixels < 1 || images.Length == 0 || images.Length % pixels != 0)
            throw new ArgumentException($"A whole number of images of {pixels} pixels was expected, found {images.Length} values.");
    }
}
