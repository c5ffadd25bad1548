using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>Pictures of samples and completions of a density of pixels.</summary>
/// <param name="model">The model.</param>
/// <param name="size">The size of an image.</param>
public sealed class PixelPictures(IPixelModel model, ImageSize size)
{
    private readonly int _length = size.Length;

    /// <summary>Samples of the model; a class-conditional model draws each class in turn, ten samples of it in a row.</summary>
    /// <param name="count">Images.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pixel.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Samples(int count, RandomStream random, CancellationToken cancellation = default)
    {
        int[] labels = model.Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => i / 10 % model.Classes)];
        float[] drawn = model.Sample(size.Of(count), random, labels: labels, cancellation: cancellation);
        return Grid(drawn, model.Classes == 0 ? 0 : 10);
    }

    /// <summary>
    /// A row for each of some images, evenly spaced among those passed: the image, its upper half, and completions of that half.
    /// </summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="labels">The class of each, for a class-conditional model.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="most">Images to complete, at most.</param>
    /// <param name="completions">Completions of each image.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pixel.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Completions(
        ReadOnlySpan<float> images, ReadOnlySpan<int> labels, RandomStream random, int most = 10, int completions = 6,
        CancellationToken cancellation = default)
    {
        int all = images.Length / _length, count = Math.Min(most, all);
        int given = size.Height / 2 * size.Width * size.Channels, columns = completions + 2;
        float[] known = new float[count * completions * _length], shown = new float[count * columns * _length];
        int[] classes = new int[model.Classes == 0 ? 0 : count * completions];
        for (int i = 0; i < count * completions; i++)
        {
            int picked = (int)((long)(i / completions) * all / count);
            images.Slice(picked * _length, given).CopyTo(known.AsSpan(i * _length));
            known.AsSpan((i * _length) + given, _length - given).Fill(-1);
            if (classes.Length > 0) classes[i] = labels[picked];
        }

        float[] completed = model.Sample(size.Of(count * completions), random, known, classes, cancellation: cancellation);
        for (int i = 0; i < count; i++)
        {
            Span<float> row = shown.AsSpan(i * columns * _length, columns * _length);
            ReadOnlySpan<float> image = images.Slice((int)((long)i * all / count) * _length, _length);
            image.CopyTo(row);

            // The missing half is dark grey.
            image[..given].CopyTo(row[_length..]);
            row[(_length + given)..(2 * _length)].Fill(0.25f);
            completed.AsSpan(i * completions * _length, completions * _length).CopyTo(row[(2 * _length)..]);
        }

        return Grid(shown, columns);
    }

    private Picture Grid(ReadOnlySpan<float> images, int columns) =>
        new ImageGrid { Black = 0, Columns = columns }.Draw(images, size);
}
