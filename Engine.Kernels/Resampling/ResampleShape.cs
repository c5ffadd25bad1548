namespace Engine.Kernels.Resampling;

/// <summary>
/// The extents of a change of size of images: [Batch, Height, Width, Channels] to [Batch, OutputHeight, OutputWidth, Channels].
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image; at least 1.</param>
/// <param name="Width">Columns of an image; at least 1.</param>
/// <param name="Channels">Channels; each is resampled by itself.</param>
/// <param name="OutputHeight">Rows of the output; at least 1.</param>
/// <param name="OutputWidth">Columns of the output; at least 1.</param>
public readonly record struct ResampleShape(int Batch, int Height, int Width, int Channels, int OutputHeight, int OutputWidth)
{
    /// <summary>The elements of the input.</summary>
    public long LengthX => (long)Batch * Height * Width * Channels;

    /// <summary>The elements of the output.</summary>
    public long LengthY => (long)Batch * OutputHeight * OutputWidth * Channels;

    /// <summary>The shape as <c>[64, 7, 7, 16] to [64, 14, 14, 16]</c>.</summary>
    public override string ToString() =>
        $"[{Batch}, {Height}, {Width}, {Channels}] to [{Batch}, {OutputHeight}, {OutputWidth}, {Channels}]";

    /// <summary>Throws where the extents make no sense.</summary>
    /// <exception cref="ArgumentException">An extent is out of its range.</exception>
    internal void Check(string operation)
    {
        if (Batch < 0 || Channels < 0 || Height < 1 || Width < 1 || OutputHeight < 1 || OutputWidth < 1)
            throw new ArgumentException(
                $"{operation}: images [batch, height, width, channels] with at least one row and column are needed, before and after, "
                + $"found {this}.");

        // Weights are computed from whole numbers of up to twice this product.
        const int Largest = 1 << 29;
        if ((long)Height * OutputHeight > Largest || (long)Width * OutputWidth > Largest)
            throw new ArgumentException(
                $"{operation}: the extents before and after multiply to at most 2^29 along each axis, found {this}.");
    }
}
