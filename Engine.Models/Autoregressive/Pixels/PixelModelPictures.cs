using Engine.Kernels.RandomNumbers;
using Engine.Models.Imaging;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>What can be seen of a density of binary images, as pictures.</summary>
/// <param name="model">The model.</param>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
public sealed class PixelModelPictures(IPixelModel model, int height, int width)
{
    private readonly int _length = height * width;

    /// <summary>Draws from the model.</summary>
    /// <param name="count">Images.</param>
    /// <param name="random">Where the draws come from.</param>
    public Picture Samples(int count, RandomStream random) => Grid(model.Sample(count, random), 0);

    /// <summary>A row for each image: itself, its upper half, and completions of that.</summary>
    /// <param name="images">Images of zeros and ones, one after another.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="completions">Completions of each image.</param>
    public Picture Completions(ReadOnlySpan<float> images, RandomStream random, int completions = 6)
    {
        int count = images.Length / _length, given = height / 2 * width, columns = completions + 2;
        float[] known = new float[count * completions * _length], all = new float[count * columns * _length];
        for (int i = 0; i < count * completions; i++)
        {
            images.Slice(i / completions * _length, given).CopyTo(known.AsSpan(i * _length));
            known.AsSpan((i * _length) + given, _length - given).Fill(-1);
        }

        float[] completed = model.Sample(count * completions, random, known);
        for (int i = 0; i < count; i++)
        {
            Span<float> row = all.AsSpan(i * columns * _length, columns * _length);
            images.Slice(i * _length, _length).CopyTo(row);

            // What is not given is shown dark grey.
            images.Slice(i * _length, given).CopyTo(row[_length..]);
            row.Slice(_length + given, _length - given).Fill(0.25f);
            completed.AsSpan(i * completions * _length, completions * _length).CopyTo(row[(2 * _length)..]);
        }

        return Grid(all, columns);
    }

    private Picture Grid(ReadOnlySpan<float> images, int columns) =>
        new ImageGrid { Black = 0, Columns = columns }.Draw(images, height, width);
}
