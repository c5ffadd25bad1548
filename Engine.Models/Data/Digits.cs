namespace Engine.Models.Data;

/// <summary>
/// Handwritten digits that the engine draws itself: strokes with random shape, slant, width and place, in 28 x 28 grey pixels, white on
/// black, like MNIST. Nothing has to be downloaded, and there are as many as one asks for.
/// </summary>
/// <remarks>
/// An image depends on the seed and its index alone, so the first images of a longer set are those of a shorter one. Drawing uses integer
/// arithmetic and the IEEE operations + - * / and square root in double precision, which every machine that runs .NET rounds alike;
/// the bytes are therefore the same everywhere.
/// </remarks>
public static class Digits
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Size = 28;

    /// <summary>Number of classes; the label of an image is the digit it shows.</summary>
    public const int Classes = 10;

    /// <summary>
    /// Draws <paramref name="count"/> images, [count, 28, 28, 1]. Each run of ten images holds every digit once, in random order.
    /// </summary>
    /// <param name="count">Number of images, at least 1.</param>
    /// <param name="seed">Another seed gives other images.</param>
    /// <param name="name">The name of the data set in messages.</param>
    /// <exception cref="DataException">The count is below 1 or above what one array holds.</exception>
    public static ImageDataset Draw(int count, ulong seed = 0, string name = "digits")
    {
        int most = Array.MaxLength / (Size * Size);
        if (count < 1 || count > most) throw new DataException($"{name}: expected a count from 1 to {most} images, found {count}.");
        byte[] pixels = new byte[count * Size * Size];
        int[] labels = new int[count];
        const int chunk = 500;
        Parallel.For(0, (count + chunk - 1) / chunk, c =>
        {
            var pen = new DigitPen();
            var raster = new DigitRaster();
            int end = Math.Min(count, (c + 1) * chunk);
            for (int i = c * chunk; i < end; i++)
            {
                labels[i] = LabelAt(seed, i);
                var random = new CounterRandom(CounterRandom.Key(seed, 1, (ulong)i));
                DigitShapes.Write(labels[i], pen, ref random);
                raster.Draw(pen, ref random, pixels.AsSpan(i * Size * Size, Size * Size));
            }
        });
        return new ImageDataset(name, Size, Size, 1, pixels, labels, Classes);
    }

    private static int LabelAt(ulong seed, int index)
    {
        var random = new CounterRandom(CounterRandom.Key(seed, 0, (ulong)(index / Classes)));
        Span<int> order = stackalloc int[Classes];
        random.Shuffle(order);
        return order[index % Classes];
    }
}
