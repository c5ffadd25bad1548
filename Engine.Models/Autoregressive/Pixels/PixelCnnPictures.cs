using Engine.Kernels.RandomNumbers;
using Engine.Models.Imaging;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>What can be seen of a PixelCNN, as pictures.</summary>
/// <param name="model">The model.</param>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
public sealed class PixelCnnPictures(PixelCnnModel model, int height, int width)
{
    private readonly int _length = height * width;

    /// <summary>Draws from the model; one that is told of classes draws each class in turn, a row of ten for each.</summary>
    /// <param name="count">Images.</param>
    /// <param name="random">Where the draws come from.</param>
    public Picture Samples(int count, RandomStream random)
    {
        int[] labels = model.Classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => i / 10 % model.Classes)];
        return Grid(model.Sample(count, height, width, random, labels), model.Classes == 0 ? 0 : 10);
    }

    /// <summary>
    /// A row for each of some images, which lie evenly among those given: itself, its upper half, and completions of that.
    /// </summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="labels">The class of each, for a model that is told of classes.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="most">Images to complete, at most.</param>
    /// <param name="completions">Completions of each image.</param>
    public Picture Completions(
        ReadOnlySpan<float> images, ReadOnlySpan<int> labels, RandomStream random, int most = 10, int completions = 6)
    {
        int all = images.Length / _length, count = Math.Min(most, all), given = height / 2, columns = completions + 2;
        float[] repeated = new float[count * completions * _length], shown = new float[count * columns * _length];
        int[] classes = new int[model.Classes == 0 ? 0 : count * completions];
        for (int i = 0; i < count * completions; i++)
        {
            int picked = (int)((long)(i / completions) * all / count);
            images.Slice(picked * _length, _length).CopyTo(repeated.AsSpan(i * _length));
            if (classes.Length > 0) classes[i] = labels[picked];
        }

        float[] completed = model.Complete(repeated, [count * completions, height, width, 1], given, random, classes);
        for (int i = 0; i < count; i++)
        {
            Span<float> row = shown.AsSpan(i * columns * _length, columns * _length);
            ReadOnlySpan<float> image = images.Slice((int)((long)i * all / count) * _length, _length);
            image.CopyTo(row);

            // What is not given is shown dark grey.
            image[..(given * width)].CopyTo(row[_length..]);
            row[(_length + (given * width))..(2 * _length)].Fill(0.25f);
            completed.AsSpan(i * completions * _length, completions * _length).CopyTo(row[(2 * _length)..]);
        }

        return Grid(shown, columns);
    }

    private Picture Grid(ReadOnlySpan<float> images, int columns) =>
        new ImageGrid { Black = 0, Columns = columns }.Draw(images, height, width);
}
