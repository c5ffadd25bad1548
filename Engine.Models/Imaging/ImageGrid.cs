using Engine.Models.Data;

namespace Engine.Models.Imaging;

/// <summary>
/// Lays images out in rows and columns, first row first: the sample sheet of a generative model. Set the properties, then
/// <see cref="Draw(ReadOnlySpan{float}, int, int, int)"/>.
/// </summary>
public sealed class ImageGrid
{
    /// <summary>Images in a row; 0 makes the grid about square.</summary>
    public int Columns { get; init; }

    /// <summary>Pixels between images and around them, after magnification.</summary>
    public int Padding { get; init; } = 2;

    /// <summary>Each pixel becomes this many pixels in each direction.</summary>
    public int Magnification { get; init; } = 2;

    /// <summary>The value shown as black: -1 for images in [-1, 1], 0 for images in [0, 1]. Only floats use it.</summary>
    public float Black { get; init; } = -1;

    /// <summary>The value shown as white. Only floats use it.</summary>
    public float White { get; init; } = 1;

    /// <summary>Colour between the images (grey images take its luminance).</summary>
    public Rgb Background { get; init; } = new(64, 64, 64);

    /// <summary>
    /// Draws images of floats, [count, height, width, channels], 1 or 3 channels. Values outside [Black, White] are cut off; NaN shows as
    /// black.
    /// </summary>
    /// <exception cref="ArgumentException">The length is not a whole number of images, or a property is out of range.</exception>
    public Picture Draw(ReadOnlySpan<float> images, int height, int width, int channels = 1)
    {
        if (!(White > Black)) throw new ArgumentException($"White must lie above black, was {White} with black at {Black}.");
        byte[] bytes = new byte[images.Length];
        float scale = 255 / (White - Black);
        for (int i = 0; i < images.Length; i++)
        {
            float v = (images[i] - Black) * scale;
            bytes[i] = v >= 255 ? (byte)255 : v > 0 ? (byte)(v + 0.5f) : (byte)0;
        }

        return Draw(bytes, height, width, channels);
    }

    /// <summary>Draws images of floats; see <see cref="Draw(ReadOnlySpan{float}, int, int, int)"/>.</summary>
    /// <exception cref="ArgumentException">The length is not a whole number of images, or a property is out of range.</exception>
    public Picture Draw(ReadOnlySpan<float> images, ImageSize size) => Draw(images, size.Height, size.Width, size.Channels);

    /// <summary>Draws images of bytes, [count, height, width, channels], 1 or 3 channels.</summary>
    /// <exception cref="ArgumentException">The length is not a whole number of images, or a property is out of range.</exception>
    public Picture Draw(ReadOnlySpan<byte> images, int height, int width, int channels = 1)
    {
        if (height < 1 || width < 1 || channels is not (1 or 3))
            throw new ArgumentException(
                $"Images of at least 1 x 1 pixels with 1 or 3 channels were expected, found {height} x {width} x {channels}.");
        int length = checked(height * width * channels);
        if (images.Length == 0 || images.Length % length != 0)
            throw new ArgumentException(
                $"A whole number of images of {length} values ({height} x {width} x {channels}) was expected, found "
                + $"{images.Length} values.");
        if (Columns < 0) throw new ArgumentException($"Columns must be at least 1, or 0 for a square grid, was {Columns}.");
        if (Padding < 0) throw new ArgumentException($"Padding must be at least 0, was {Padding}.");
        if (Magnification < 1) throw new ArgumentException($"Magnification must be at least 1, was {Magnification}.");

        int count = images.Length / length, m = Magnification;
        int columns = Math.Min(count, Columns == 0 ? (int)Math.Ceiling(Math.Sqrt(count)) : Columns), rows = (count + columns - 1) / columns;
        int stepX = width * m + Padding, stepY = height * m + Padding;
        var picture = new Picture(columns * stepX + Padding, rows * stepY + Padding, channels);
        picture.Fill(0, 0, picture.Width, picture.Height, Background);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> image = images.Slice(i * length, length);
            int left = Padding + i % columns * stepX, top = Padding + i / columns * stepY;
            for (int y = 0; y < height * m; y++)
            {
                Span<byte> row = picture.Row(top + y)[(left * channels)..];
                ReadOnlySpan<byte> source = image.Slice(y / m * width * channels, width * channels);
                for (int x = 0; x < width * m; x++) source.Slice(x / m * channels, channels).CopyTo(row[(x * channels)..]);
            }
        }

        return picture;
    }

    /// <summary>Draws <paramref name="count"/> images of a data set from image <paramref name="first"/> on.</summary>
    /// <exception cref="ArgumentException">There are not that many images, or a property is out of range.</exception>
    public Picture Draw(ImageDataset data, int count, int first = 0)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (first < 0 || count < 1 || first > data.Count - count)
            throw new ArgumentException($"{data.Name} has {data.Count} images: {count} from image {first} on are not there.");
        return Draw(data.Pixels.Slice(first * data.ImageLength, count * data.ImageLength), data.Height, data.Width, data.Channels);
    }
}
