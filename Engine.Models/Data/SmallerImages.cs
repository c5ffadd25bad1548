namespace Engine.Models.Data;

/// <summary>Makes images smaller by averaging squares of pixels.</summary>
public static class SmallerImages
{
    /// <summary>A data set of images of <paramref name="side"/> rows and columns.</summary>
    /// <param name="data">Images whose height and width are a multiple of that, by the same factor; returned as they are where the factor
    /// is 1.</param>
    /// <param name="side">Rows and columns wanted.</param>
    /// <exception cref="DataException">The images are not a whole multiple of the size.</exception>
    public static ImageDataset Of(ImageDataset data, int side)
    {
        ArgumentNullException.ThrowIfNull(data);
        int factor = side < 1 ? 0 : data.Height / side;
        if (factor < 1 || data.Height != side * factor || data.Width != side * factor)
            throw new DataException($"{data.Name}: images of {data.Height} x {data.Width} cannot be averaged to {side} x {side}.");
        if (factor == 1) return data;
        byte[] pixels = new byte[(long)data.Count * side * side * data.Channels];
        ReadOnlySpan<byte> source = data.Pixels;
        for (int i = 0; i < pixels.Length; i++)
        {
            int channel = i % data.Channels, x = i / data.Channels % side, y = i / data.Channels / side % side,
                image = i / data.Channels / side / side, sum = 0;
            for (int v = 0; v < factor; v++)
                for (int u = 0; u < factor; u++)
                    sum += source[((((image * data.Height) + (y * factor) + v) * data.Width) + (x * factor) + u) * data.Channels + channel];
            pixels[i] = (byte)((sum + (factor * factor / 2)) / (factor * factor));
        }

        return new ImageDataset(
            $"{data.Name}, {side} x {side}", side, side, data.Channels, pixels, data.IsLabelled ? data.Labels.ToArray() : null,
            data.Classes);
    }
}
