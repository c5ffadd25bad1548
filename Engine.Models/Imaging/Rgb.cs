namespace Engine.Models.Imaging;

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
