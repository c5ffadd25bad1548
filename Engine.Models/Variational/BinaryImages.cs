using Engine.Models.Data;

namespace Engine.Models.Variational;

/// <summary>Prepares images for a model of binary pixels.</summary>
public static class BinaryImages
{
    /// <summary>The data set to train on, and how its bytes become floats.</summary>
    /// <param name="data">Grey images.</param>
    /// <param name="kind">How pixels become zeros and ones.</param>
    /// <param name="seed">The seed of a static draw.</param>
    public static (ImageDataset Data, PixelScale Scale) Prepare(ImageDataset data, Binarization kind, ulong seed) => kind switch
    {
        Binarization.Dynamic => (data, PixelScale.Bernoulli),
        Binarization.Threshold => (data, PixelScale.Threshold),
        Binarization.Static => (Draw(data, seed), PixelScale.Unit),
        _ => (data, PixelScale.Unit),
    };

    /// <summary>All images as floats, one after another; where pixels are drawn, this is one draw of them, from the seed.</summary>
    /// <param name="data">Grey images.</param>
    /// <param name="kind">How pixels become zeros and ones.</param>
    /// <param name="seed">The seed of a draw.</param>
    public static float[] ToFloats(ImageDataset data, Binarization kind, ulong seed)
    {
        (ImageDataset prepared, PixelScale scale) = Prepare(data, kind, seed);
        float[] result = new float[prepared.Count * prepared.ImageLength];
        BatchOptions options = new() { Seed = seed, Shuffle = false, Scale = scale, Prefetch = 0 };
        int at = 0;
        foreach (Batch batch in new BatchLoader(prepared, Math.Min(500, prepared.Count), options).Epoch(0))
        {
            batch.Images.CopyTo(result.AsSpan(at));
            at += batch.Images.Length;
        }

        return result;
    }

    /// <summary>
    /// The logit of each pixel's mean over the data: as the bias of a decoder's last layer, a model starts with the mean image. Means are
    /// held between 0.001 and 0.999.
    /// </summary>
    /// <param name="data">Grey images.</param>
    public static float[] MeanLogits(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        double[] sums = new double[data.ImageLength];
        ReadOnlySpan<byte> pixels = data.Pixels;
        for (int i = 0; i < pixels.Length; i++) sums[i % sums.Length] += pixels[i];
        return [.. sums.Select(sum => Logit(Math.Clamp(sum / 255 / Math.Max(1, data.Count), 0.001, 0.999)))];
    }

    private static float Logit(double p) => (float)Math.Log(p / (1 - p));

    private static ImageDataset Draw(ImageDataset data, ulong seed)
    {
        float[] drawn = ToFloats(data, Binarization.Dynamic, seed);
        byte[] pixels = new byte[drawn.Length];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = drawn[i] > 0 ? (byte)255 : (byte)0;
        int[]? labels = data.IsLabelled ? data.Labels.ToArray() : null;
        return new ImageDataset($"{data.Name}, binarised once", data.Height, data.Width, data.Channels, pixels, labels, data.Classes);
    }
}

/// <summary>How grey pixels become zeros and ones. A likelihood in nats only compares with others of the same kind.</summary>
public enum Binarization
{
    /// <summary>Not at all: x / 255.</summary>
    None,

    /// <summary>Redrawn whenever an image is used, on with probability x / 255 (Burda, Grosse and Salakhutdinov 2016).</summary>
    Dynamic,

    /// <summary>
    /// Drawn once and for all, on with probability x / 255 (Salakhutdinov and Murray 2008): harder, because training sees fewer images.
    /// </summary>
    Static,

    /// <summary>On from 128 on.</summary>
    Threshold,
}
