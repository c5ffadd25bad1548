using Engine.Autograd.Files;
using StbImageWriteSharp;

namespace Engine.Models.Imaging;

/// <summary>A picture made of pixels, to draw on and to write as PNG: bytes row by row, 1 channel (grey) or 3 (RGB).</summary>
public sealed class Picture
{
    private readonly byte[] _pixels;

    /// <summary>A black picture.</summary>
    /// <exception cref="ArgumentException">A side is below 1, the channels are neither 1 nor 3, or the picture is larger than an array
    /// holds.</exception>
    public Picture(int width, int height, int channels)
    {
        if (width < 1 || height < 1) throw new ArgumentException($"A picture must be at least 1 x 1 pixels, was {width} x {height}.");
        if (channels is not (1 or 3)) throw new ArgumentException($"A picture has 1 channel (grey) or 3 (RGB), was {channels}.");
        if ((long)width * height * channels > Array.MaxLength)
            throw new ArgumentException(
                $"A picture of {width} x {height} pixels and {channels} channels is larger than {Array.MaxLength} bytes.");
        Width = width;
        Height = height;
        Channels = channels;
        _pixels = new byte[width * height * channels];
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 grey, 3 RGB.</summary>
    public int Channels { get; }

    /// <summary>All bytes, [Height, Width, Channels].</summary>
    public Span<byte> Pixels => _pixels;

    /// <summary>The bytes of one row, [Width, Channels].</summary>
    public Span<byte> Row(int y) => _pixels.AsSpan(y * Width * Channels, Width * Channels);

    /// <summary>Fills a rectangle; what lies outside the picture is cut off. Grey pictures take the luminance of the colour.</summary>
    public void Fill(int left, int top, int width, int height, Rgb color)
    {
        ReadOnlySpan<byte> pixel = Channels == 3 ? [color.R, color.G, color.B] : [color.Luminance];
        for (int y = Math.Max(0, top); y < Math.Min(Height, top + height); y++)
            for (int x = Math.Max(0, left); x < Math.Min(Width, left + width); x++) pixel.CopyTo(Row(y)[(x * Channels)..]);
    }

    /// <summary>The bytes of a PNG file with 8 bits a channel; the same pixels give the same bytes.</summary>
    public byte[] ToPng()
    {
        using MemoryStream file = new();
        new ImageWriter().WritePng(_pixels, Width, Height, Channels == 1 ? ColorComponents.Grey : ColorComponents.RedGreenBlue, file);
        return file.ToArray();
    }

    /// <summary>Writes the picture as a PNG file, whole or not at all; folders on the way are made.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void Save(string path) => Write(path, ToPng());

    /// <summary>Writes a file, whole or not at all; folders on the way are made.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {e.Message}", e);
        }

        WholeFile.Write(path, file);
    }
}
