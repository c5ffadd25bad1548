using StbImageSharp;

namespace Engine.Models.Data.Pictures;

/// <summary>
/// Decodes one file with a picture: PNG, JPEG, BMP, GIF (its first frame) or TGA, told apart by content. What is transparent is laid over
/// white, and a photograph is turned as its EXIF orientation says.
/// </summary>
internal static class PictureFile
{
    private const long MostPixels = 100_000_000, MostBytes = 1L << 29;

    /// <summary>The extensions, in lower case, of files that can be decoded.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tga"];

    /// <summary>The extensions of pictures in formats that cannot.</summary>
    public static IReadOnlyList<string> Others { get; } = [".webp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl"];

    /// <summary>Decodes a picture.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">Bytes of a pixel: 1 grey (the luminance), 3 RGB.</param>
    /// <returns>The picture, or why there is none.</returns>
    public static (DecodedPicture? Picture, string? Fault) Decode(string path, int channels)
    {
        byte[] file;
        try
        {
            long length = new FileInfo(path).Length;
            if (length == 0) return (null, "is empty");
            if (length > MostBytes) return (null, $"has {length} bytes, more than {MostBytes}");
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"cannot be read ({e.Message.TrimEnd('.')})");
        }

        return Decode(file, channels);
    }

    /// <summary>Decodes the bytes of a file.</summary>
    internal static (DecodedPicture? Picture, string? Fault) Decode(byte[] file, int channels)
    {
        if (file.AsSpan().StartsWith("RIFF"u8) && file.AsSpan().IndexOf("WEBP"u8) == 8) return (null, "is WebP, which is not read");
        if (PngChunks.Fault(file) is { } damage) return (null, damage);
        JpegHeader? jpeg = JpegHeader.Read(file);
        using Watched content = new(file);
        try
        {
            if (ImageInfo.FromStream(content) is not { } info) return (null, "is no PNG, JPEG, BMP, GIF or TGA file");
            if ((long)info.Width * info.Height > MostPixels)
                return (null, $"has {info.Width} x {info.Height} pixels, more than {MostPixels}");
            if (info.Width < 1 || info.Height < 1) return (null, "has no pixels");
            content.Position = 0;
            content.EndsEarly = false;
            ImageResult image = ImageResult.FromStream(content, ColorComponents.RedGreenBlueAlpha);

            // The decoder takes what lies behind the end for zeros.
            if (content.EndsEarly) return (null, "is cut short");
            string? note = info.BitsPerChannel == 16 ? "has 16 bits for each channel, of which the upper 8 are taken"
                : jpeg?.Components == 4 ? "is CMYK, whose colours are converted without a profile" : null;
            return (Orientation.Applied(
                jpeg?.Orientation ?? 1, new DecodedPicture(image.Width, image.Height, channels, Opaque(image.Data, channels), note)), null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a decoder trips over in damaged bytes.
            return (null, content.EndsEarly ? "is cut short" : "is damaged");
        }
    }

    // RGBA over white; grey is the luminance of it (ITU-R BT.601).
    private static byte[] Opaque(byte[] rgba, int channels)
    {
        byte[] pixels = new byte[rgba.Length / 4 * channels];
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += channels)
        {
            int alpha = rgba[from + 3];
            int r = Over(rgba[from]), g = Over(rgba[from + 1]), b = Over(rgba[from + 2]);
            if (channels == 1) pixels[to] = Luminance.Of(r, g, b);
            else (pixels[to], pixels[to + 1], pixels[to + 2]) = ((byte)r, (byte)g, (byte)b);

            int Over(int value) => alpha == 255 ? value : ((value * alpha) + (255 * (255 - alpha)) + 127) / 255;
        }

        return pixels;
    }

    /// <summary>Remembers whether more was asked for than the file has.</summary>
    private sealed class Watched(byte[] content) : MemoryStream(content, writable: false)
    {
        private const int MostPastEnd = 1000;
        private int _pastEnd;

        public bool EndsEarly { get; set; }

        public override int ReadByte()
        {
            int value = base.ReadByte();
            if (value < 0) Noted(0, 1);
            return value;
        }

        public override int Read(byte[] buffer, int offset, int count) => Noted(base.Read(buffer, offset, count), count);

        public override int Read(Span<byte> buffer) => Noted(base.Read(buffer), buffer.Length);

        private int Noted(int read, int wanted)
        {
            if (read == wanted) return read;
            EndsEarly = true;

            // The decoder looks for a marker in the zeros behind the end for ever.
            return ++_pastEnd <= MostPastEnd ? read : throw new EndOfStreamException();
        }
    }
}

/// <summary>A picture of any size: bytes [height, width, channels], and what was lost on the way, if anything was.</summary>
internal sealed record DecodedPicture(int Width, int Height, int Channels, byte[] Pixels, string? Note);

/// <summary>The grey level of a colour.</summary>
internal static class Luminance
{
    /// <summary>0.299 R + 0.587 G + 0.114 B, rounded (ITU-R BT.601).</summary>
    public static byte Of(int r, int g, int b) => (byte)(((r * 299) + (g * 587) + (b * 114) + 500) / 1000);
}
