using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Data;

/// <summary>A few images of a set whose labels are known, as many of each class: what learning from few labels begins with.</summary>
public static class LabeledDraw
{
    /// <summary>Draws images at random, without repetition and with equally many of each class, or one more of the first classes.</summary>
    /// <param name="data">Images with labels.</param>
    /// <param name="count">How many; at least one of each class.</param>
    /// <param name="random">The source of the draw.</param>
    /// <returns>The images with their labels, class by class in turn.</returns>
    /// <exception cref="DataException">The images have no labels, or a class has too few of them.</exception>
    public static ImageDataset Of(ImageDataset data, int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(random);
        if (!data.IsLabelled) throw new DataException($"Labels: expected images with labels, found none in {data.Name}.");
        if (count < data.Classes || count > data.Count) throw new DataException(
            $"Labels: expected from {data.Classes}, one of each class, to the {data.Count} images of {data.Name}, found {count}.");

        // The order of all images by a random number each, and of these the first of each class.
        float[] keys = random.Uniform(data.Count);
        int[] order = [.. Enumerable.Range(0, data.Count).OrderBy(i => keys[i])];
        int[][] ofClass = [.. Enumerable.Range(0, data.Classes).Select(c => order.Where(i => data.Label(i) == c).ToArray())];
        byte[] pixels = new byte[count * data.ImageLength];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            (int place, int label) = (i / data.Classes, i % data.Classes);
            if (place >= ofClass[label].Length) throw new DataException(
                $"Labels: expected at least {place + 1} images of class {label} in {data.Name}, found {ofClass[label].Length}.");
            data.Image(ofClass[label][place]).CopyTo(pixels.AsSpan(i * data.ImageLength));
            labels[i] = label;
        }

        return new ImageDataset($"{count} of {data.Name}", data.Height, data.Width, data.Channels, pixels, labels, data.Classes);
    }

    /// <summary>
    /// Draws a batch of such images, each as likely as the others, in passes over all of them in random order where they are no more than a
    /// batch.
    /// </summary>
    /// <param name="data">The images.</param>
    /// <param name="count">Images of the batch.</param>
    /// <param name="random">The source of the draw.</param>
    /// <param name="low">What grey level 0 becomes.</param>
    /// <param name="high">What grey level 255 becomes.</param>
    /// <returns>Their pixels, [count, height, width, channels], and their labels.</returns>
    public static (float[] Images, int[] Labels) Batch(ImageDataset data, int count, RandomStream random, double low = 0, double high = 1)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(random);
        float[] images = new float[count * data.ImageLength];
        int[] labels = new int[count], order = [];
        for (int i = 0; i < count; i++)
        {
            if (i % data.Count == 0)
            {
                float[] keys = random.Uniform(data.Count);
                order = [.. Enumerable.Range(0, data.Count).OrderBy(k => keys[k])];
            }

            int index = order[i % data.Count];
            labels[i] = data.Label(index);
            ReadOnlySpan<byte> levels = data.Image(index);
            for (int p = 0; p < levels.Length; p++)
                images[(i * levels.Length) + p] = (float)(low + (levels[p] * (high - low) / 255));
        }

        return (images, labels);
    }
}
