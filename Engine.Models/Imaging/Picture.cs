namespace Engine.Models.Imaging;

/// <summary>A picture to draw on and to write as PNG: bytes row by row, 1 channel (grey) or 3 (RGB).</summary>
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

    /// <summary>Writes the picture as PNG; see <see cref="PngWriter.Write(string, Picture)"/>.</summary>
    public void Save(string path) => PngWriter.Write(path, this);

    /// <summary>
    /// Mixes a colour into a pixel by a share from 0 to 1; outside the picture nothing happens. Grey pictures take the luminance.
    /// </summary>
    public void Blend(int x, int y, Rgb color, double share)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height) return;
        Span<byte> pixel = _pixels.AsSpan((y * Width + x) * Channels, Channels);
        if (Channels == 1)
        {
            pixel[0] = Mix(pixel[0], (byte)((color.R * 299 + color.G * 587 + color.B * 114 + 500) / 1000), share);
            return;
        }

        pixel[0] = Mix(pixel[0], color.R, share);
        pixel[1] = Mix(pixel[1], color.G, share);
        pixel[2] = Mix(pixel[2], color.B, share);
    }

    /// <summary>Fills a rectangle; what lies outside the picture is cut off. A share below 1 lets what was there shine through.</summary>
    public void Fill(int left, int top, int width, int height, Rgb color, double share = 1)
    {
        for (int y = Math.Max(0, top); y < Math.Min(Height, top + height); y++)
        {
            for (int x = Math.Max(0, left); x < Math.Min(Width, left + width); x++) Blend(x, y, color, share);
        }
    }

    /// <summary>Draws a straight line with soft edges between two points; pixel (x, y) has its centre at (x + 0.5, y + 0.5).</summary>
    public void Line(double x0, double y0, double x1, double y1, Rgb color, double thickness = 1, double share = 1)
    {
        double dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy, reach = thickness / 2 + 0.5;
        int left = (int)Math.Max(0, Math.Floor(Math.Min(x0, x1) - reach)),
            right = (int)Math.Min(Width - 1, Math.Ceiling(Math.Max(x0, x1) + reach));
        int top = (int)Math.Max(0, Math.Floor(Math.Min(y0, y1) - reach)),
            bottom = (int)Math.Min(Height - 1, Math.Ceiling(Math.Max(y0, y1) + reach));
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                double px = x + 0.5 - x0, py = y + 0.5 - y0;
                double t = squared > 0 ? Math.Clamp((px * dx + py * dy) / squared, 0, 1) : 0;
                double ex = px - t * dx, ey = py - t * dy, cover = reach - Math.Sqrt(ex * ex + ey * ey);
                if (cover > 0) Blend(x, y, color, Math.Min(cover, 1) * share);
            }
        }
    }

    /// <summary>Writes a line of text with its top left corner at a pixel; see <see cref="PixelFont"/>.</summary>
    public void Text(int left, int top, string text, Rgb color, int scale = 1) => PixelFont.Draw(this, left, top, text, color, scale);

    private static byte Mix(byte under, byte over, double share) => (byte)(under + (over - under) * Math.Clamp(share, 0, 1) + 0.5);
}

/// <summary>A colour, 8 bits a channel.</summary>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>Black.</summary>
    public static Rgb Black => new(0, 0, 0);

    /// <summary>White.</summary>
    public static Rgb White => new(255, 255, 255);

    /// <summary>Colours for the lines of a chart, in order: distinct for most colour-blind readers (after Okabe and Ito 2008).</summary>
    public static ReadOnlySpan<Rgb> Palette => s_palette;

    private static readonly Rgb[] s_palette =
    [
        new(0, 114, 178), new(213, 94, 0), new(0, 158, 115), new(204, 121, 167), new(86, 180, 233), new(230, 159, 0), new(90, 90, 90),
    ];
}
