using Engine.Kernels;

namespace Engine.Models.Data;

/// <summary>The size of an image. Pixels lie row by row with the channels last (NHWC).</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">Values of a pixel: 1 grey, 3 RGB.</param>
public readonly record struct ImageSize(int Height, int Width, int Channels)
{
    /// <summary>Values of an image: Height * Width * Channels.</summary>
    public int Length => Height * Width * Channels;

    /// <summary>The shape of some images: [images, Height, Width, Channels].</summary>
    /// <param name="images">How many.</param>
    public Shape Of(int images) => [images, Height, Width, Channels];

    /// <summary>How many images some values are.</summary>
    /// <param name="values">The values of all of them.</param>
    public int CountOf(int values) => values / Length;

    /// <summary>Height x Width x Channels, as messages have it.</summary>
    public override string ToString() => $"{Height} x {Width} x {Channels}";
}
