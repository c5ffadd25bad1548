namespace Engine.Models.Imaging;

/// <summary>A colour, 8 bits a channel.</summary>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    private static readonly Rgb[] s_palette =
    [
        new(0, 114, 178), new(213, 94, 0), new(0, 158, 115), new(204, 121, 167), new(86, 180, 233), new(230, 159, 0), new(90, 90, 90),
        new(110, 60, 160), new(130, 80, 30), new(170, 20, 60),
    ];

    /// <summary>Black.</summary>
    public static Rgb Black => new(0, 0, 0);

    /// <summary>White.</summary>
    public static Rgb White => new(255, 255, 255);

    /// <summary>
    /// Colours of charts, in order: the first seven are distinct for most colour-blind readers (after Okabe and Ito 2008), three more
    /// serve charts of ten classes.
    /// </summary>
    public static ReadOnlySpan<Rgb> Palette => s_palette;

    /// <summary>The grey that is as bright: 0.299 R + 0.587 G + 0.114 B.</summary>
    public byte Luminance => (byte)(((R * 299) + (G * 587) + (B * 114) + 500) / 1000);
}
