namespace Engine.Models.Data.Pictures;

/// <summary>How a picture of any size becomes a square one.</summary>
public enum PictureFit
{
    /// <summary>The largest square in its middle.</summary>
    Crop,

    /// <summary>All of it, with black above and below or to both sides.</summary>
    Pad,
}

/// <summary>Makes pictures square, of one size.</summary>
internal static class PictureFitting
{
    /// <summary>How many times a picture is enlarged at the most: what is smaller is no picture of anything.</summary>
    private const int MostEnlarged = 8;

    /// <summary>Whether a picture has too few pixels for a size.</summary>
    public static bool IsTooSmall(DecodedPicture picture, int size, PictureFit fit) =>
        Side(picture, fit) * MostEnlarged < size;

    /// <summary>The picture as bytes [size, size, channels].</summary>
    public static byte[] Square(DecodedPicture picture, int size, PictureFit fit)
    {
        (int width, int height, int side) = (picture.Width, picture.Height, Side(picture, fit));
        if (fit == PictureFit.Crop) return Resampling.Of(
            picture.Pixels, width, picture.Channels, ((width - side) / 2, (height - side) / 2, side, side), size, size);
        int newWidth = Scaled(width), newHeight = Scaled(height);
        byte[] content = Resampling.Of(picture.Pixels, width, picture.Channels, (0, 0, width, height), newWidth, newHeight);
        byte[] square = new byte[size * size * picture.Channels];
        int left = (size - newWidth) / 2, top = (size - newHeight) / 2, row = newWidth * picture.Channels;
        for (int y = 0; y < newHeight; y++)
            content.AsSpan(y * row, row).CopyTo(square.AsSpan((((top + y) * size) + left) * picture.Channels));
        return square;

        int Scaled(int length) => Math.Max(1, (int)((((long)length * size) + (side / 2)) / side));
    }

    private static int Side(DecodedPicture picture, PictureFit fit) =>
        fit == PictureFit.Crop ? Math.Min(picture.Width, picture.Height) : Math.Max(picture.Width, picture.Height);
}

/// <summary>Data sets in another size or number of channels.</summary>
public static class ResizedImages
{
    /// <summary>The images of a data set in another size, by the mean of the area that each new pixel covers.</summary>
    /// <param name="data">The images; returned as they are where they have the size already.</param>
    /// <param name="size">Rows and columns wanted; at least 1.</param>
    /// <param name="fit">How images that are not square become so.</param>
    /// <exception cref="DataException">The size is below 1, or all images of it are more than one array holds.</exception>
    public static ImageDataset Of(ImageDataset data, int size, PictureFit fit = PictureFit.Crop)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Height == size && data.Width == size) return data;
        byte[] pixels = NewPixels(data.Name, data.Count, size, data.Channels);
        int length = size * size * data.Channels;
        Parallel.For(0, data.Count, i => PictureFitting.Square(
            new DecodedPicture(data.Width, data.Height, data.Channels, data.Image(i).ToArray(), null), size, fit)
            .CopyTo(pixels.AsSpan(i * length)));
        return new ImageDataset(
            $"{data.Name}, {size} x {size}", size, size, data.Channels, pixels, data.IsLabelled ? data.Labels.ToArray() : null,
            data.Classes);
    }

    /// <summary>The images of a data set as grey ones, by their luminance, or grey ones with three equal channels.</summary>
    /// <param name="data">The images, of 1 or 3 channels; returned as they are where they have the channels already.</param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="DataException">The channels are others, or all images are more than one array holds.</exception>
    public static ImageDataset WithChannels(ImageDataset data, int channels)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Channels == channels) return data;
        if (channels is not (1 or 3) || data.Channels is not (1 or 3)) throw new DataException(
            $"{data.Name}: images of 1 channel can have 3 and those of 3 can have 1, found {data.Channels} and {channels}.");
        ArrayLength.Of(data.Name, "images", data.Count, (long)data.Height * data.Width * channels);
        ReadOnlySpan<byte> source = data.Pixels;
        byte[] pixels = new byte[source.Length / data.Channels * channels];
        for (int i = 0, j = 0; i < source.Length; i += data.Channels, j += channels)
        {
            if (channels == 1) pixels[j] = Luminance.Of(source[i], source[i + 1], source[i + 2]);
            else pixels.AsSpan(j, 3).Fill(source[i]);
        }

        return new ImageDataset(
            $"{data.Name}, {(channels == 1 ? "grey" : "RGB")}", data.Height, data.Width, channels, pixels,
            data.IsLabelled ? data.Labels.ToArray() : null, data.Classes);
    }

    /// <summary>Room for images of a size.</summary>
    internal static byte[] NewPixels(string name, int count, int size, int channels)
    {
        if (size < 1) throw new DataException($"{name}: expected a size of at least 1 pixel, found {size}.");
        long length = (long)size * size * channels, most = Array.MaxLength / length;
        if (count > most) throw new DataException(
            $"{name}: at most {most} images of {size} x {size} x {channels} fit into one array, found {count}.");
        return new byte[count * length];
    }
}
