namespace Engine.Models.Data;

/// <summary>
/// Images of one size held in memory as bytes, with or without a label each. Pixels lie row by row with the channels last
/// (NHWC): pixel (y, x), channel c of image i is byte ((i * Height + y) * Width + x) * Channels + c.
/// </summary>
public sealed class ImageDataset
{
    private readonly byte[] _pixels;
    private readonly int[]? _labels;

    /// <summary>A data set over arrays that the caller hands over (they are not copied).</summary>
    /// <param name="name">The name of the data set in messages.</param>
    /// <param name="height">Rows of an image, at least 1.</param>
    /// <param name="width">Columns of an image, at least 1.</param>
    /// <param name="channels">Bytes of a pixel: 1 grey, 3 RGB.</param>
    /// <param name="pixels">All images one after the other, NHWC.</param>
    /// <param name="labels">One label an image in [0, classes), or null when the images carry none.</param>
    /// <param name="classes">Number of classes; 0 when there are no labels.</param>
    /// <exception cref="DataException">A length or a label does not fit the shape.</exception>
    public ImageDataset(string name, int height, int width, int channels, byte[] pixels, int[]? labels = null, int classes = 0)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(pixels);
        if (height < 1 || width < 1 || channels < 1)
            throw new DataException(
                $"{name}: expected images of at least 1 x 1 x 1 (height x width x channels), found {height} x {width} x {channels}.");
        long imageLength = (long)height * width * channels;
        if (pixels.Length % imageLength != 0)
            throw new DataException(
                $"{name}: expected a whole number of images of {imageLength} bytes ({height} x {width} x {channels}), found "
                + $"{pixels.Length} bytes.");

        Name = name;
        Height = height;
        Width = width;
        Channels = channels;
        ImageLength = (int)imageLength;
        Count = (int)(pixels.Length / imageLength);
        Classes = labels is null ? 0 : classes;
        _pixels = pixels;
        _labels = labels;
        if (labels is not null) CheckLabels(labels);
    }

    /// <summary>The name of the data set in messages, for example "mnist (train)".</summary>
    public string Name { get; }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>Rows of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of an image.</summary>
    public int Width { get; }

    /// <summary>Bytes of a pixel: 1 grey, 3 RGB.</summary>
    public int Channels { get; }

    /// <summary>Bytes of an image: Height * Width * Channels.</summary>
    public int ImageLength { get; }

    /// <summary>Height, Width and Channels.</summary>
    public ImageSize Size => new(Height, Width, Channels);

    /// <summary>Number of classes the labels come from; 0 when the images carry no labels.</summary>
    public int Classes { get; }

    /// <summary>Whether the images carry labels.</summary>
    public bool IsLabelled => _labels is not null;

    /// <summary>All pixels, [Count, Height, Width, Channels].</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>All labels, [Count]; empty when the images carry none.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The pixels of one image, [Height, Width, Channels].</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public ReadOnlySpan<byte> Image(int index)
    {
        CheckIndex(index);
        return _pixels.AsSpan(index * ImageLength, ImageLength);
    }

    /// <summary>The label of one image, or -1 when the images carry none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public int Label(int index)
    {
        CheckIndex(index);
        return _labels is null ? -1 : _labels[index];
    }

    /// <summary>The first <paramref name="count"/> images as a data set of their own; this one when it has no more.</summary>
    /// <exception cref="DataException">Fewer than 1 or more images were asked for than there are.</exception>
    public ImageDataset Take(int count)
    {
        if (count == Count) return this;
        if (count < 1 || count > Count)
            throw new DataException($"{Name} has {Count} images: expected a count from 1 to {Count}, found {count}.");
        return new ImageDataset(Name, Height, Width, Channels, _pixels[..(count * ImageLength)], _labels?[..count], Classes);
    }

    /// <summary>
    /// Evenly spaced images of the set as a data set of their own; this one when it has no more. Unlike the first images, they cover all
    /// classes of a sorted set: the statically binarised test images are sorted, and the first thousand of them are zeros.
    /// </summary>
    /// <exception cref="DataException">Fewer than 1 or more images were asked for than there are.</exception>
    public ImageDataset Spread(int count)
    {
        if (count == Count) return this;
        if (count < 1 || count > Count) throw new DataException(
            $"{Name} has {Count} images: expected a count from 1 to {Count}, found {count}.");
        byte[] pixels = new byte[count * ImageLength];
        int[]? labels = _labels is null ? null : new int[count];
        for (int i = 0; i < count; i++)
        {
            int from = (int)((long)i * Count / count);
            Image(from).CopyTo(pixels.AsSpan(i * ImageLength));
            if (labels is not null) labels[i] = _labels![from];
        }

        return new ImageDataset(Name, Height, Width, Channels, pixels, labels, Classes);
    }

    /// <summary>All grey levels as floats, image after image.</summary>
    /// <param name="low">What level 0 becomes.</param>
    /// <param name="high">What level 255 becomes.</param>
    public float[] ToFloats(double low = -1, double high = 1) =>
        Array.ConvertAll(_pixels, level => (float)(low + (level * (high - low) / 255)));

    /// <summary>The images after the first <paramref name="count"/> as a data set of their own.</summary>
    /// <exception cref="DataException">There are no images after them.</exception>
    public ImageDataset Skip(int count)
    {
        if (count == 0) return this;
        if (count < 0 || count >= Count) throw new DataException(
            $"{Name} has {Count} images: expected to skip 0 to {Count - 1}, found {count}.");
        return new ImageDataset(Name, Height, Width, Channels, _pixels[(count * ImageLength)..], _labels?[count..], Classes);
    }

    private void CheckIndex(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(null, $"{Name} has {Count} images: there is no image {index}.");
    }

    private void CheckLabels(int[] labels)
    {
        if (labels.Length != Count)
            throw new DataException($"{Name}: expected a label for each of {Count} images, found {labels.Length} labels.");
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)Classes)
                throw new DataException($"{Name}: expected labels from 0 to {Classes - 1}, found {labels[i]} for image {i}.");
        }
    }
}
