namespace Engine.Models.Data;

/// <summary>Images that are mirrored and moved by a few pixels, as training sees them: further examples of what they show.</summary>
/// <param name="data">The images.</param>
/// <param name="flip">Whether half of them are mirrored, left to right.</param>
/// <param name="shift">The most pixels by which they are moved in each direction.</param>
internal sealed class ImageMotion(ImageDataset data, bool flip, int shift)
{
    /// <summary>An image as random bits move it: where nothing was before, the pixels of the border are repeated.</summary>
    /// <param name="image">[height, width, channels].</param>
    /// <param name="target">As many bytes.</param>
    /// <param name="bits">64 random bits.</param>
    public void Apply(ReadOnlySpan<byte> image, Span<byte> target, ulong bits)
    {
        (int height, int width, int channels) = (data.Height, data.Width, data.Channels);
        bool isMirrored = flip && (bits & 1) != 0;

        // 31 bits each choose one of 2 shift + 1 places.
        int across = Place((bits >> 1) & 0x7FFFFFFF), down = Place(bits >> 33);
        for (int y = 0; y < height; y++)
        {
            int row = Math.Clamp(y - down, 0, height - 1) * width;
            for (int x = 0; x < width; x++)
            {
                int column = Math.Clamp(x - across, 0, width - 1);
                int from = row + (isMirrored ? width - 1 - column : column);
                image.Slice(from * channels, channels).CopyTo(target[(((y * width) + x) * channels)..]);
            }
        }

        int Place(ulong random) => (int)((random * (ulong)((2L * shift) + 1)) >> 31) - shift;
    }
}
