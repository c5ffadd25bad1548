namespace Engine.Kernels;

/// <summary>
/// The extents of a pooling of images [Batch, Height, Width, Channels] to [Batch, OutputHeight, OutputWidth, Channels]. Windows that would
/// leave the padded image are dropped: the output has floor((extent + padding - window) / stride) + 1 places along each axis.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image; at least 1.</param>
/// <param name="Width">Columns of an image; at least 1.</param>
/// <param name="Channels">Channels; each is pooled by itself.</param>
/// <param name="Window">The window.</param>
public readonly record struct PoolShape(int Batch, int Height, int Width, int Channels, PoolWindow Window)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Outputs(Height, Window.Top, Window.Bottom, Window.Height, Window.StrideY);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Outputs(Width, Window.Left, Window.Right, Window.Width, Window.StrideX);

    /// <summary>The elements of the input.</summary>
    public long LengthX => (long)Batch * Height * Width * Channels;

    /// <summary>The elements of the output.</summary>
    public long LengthY => (long)Batch * OutputHeight * OutputWidth * Channels;

    /// <summary>The shape as <c>[64, 28, 28, 16], window 2 x 2, stride 2 x 2, padding 0 0 0 0 (top, left, bottom, right)</c>.</summary>
    public override string ToString() => $"[{Batch}, {Height}, {Width}, {Channels}], {Window}";

    /// <summary>Throws where the extents make no sense.</summary>
    /// <exception cref="ArgumentException">An extent is out of its range, or the window does not fit into the padded image.</exception>
    internal void Check(string operation)
    {
        PoolWindow w = Window;
        if (Batch < 0 || Channels < 0 || Height < 1 || Width < 1)
            throw new ArgumentException($"{operation}: images [batch, height, width, channels] with at least one row and column are needed, found {this}.");
        if (w.Height < 1 || w.Width < 1 || w.StrideY < 1 || w.StrideX < 1)
            throw new ArgumentException($"{operation}: the extents of the window and its strides must be at least 1, found {w}.");
        if ((long)w.Height * w.Width > 1 << 24) throw new ArgumentException($"{operation}: a window has at most 2^24 places, found {w}.");

        // With less padding than window every window sees the image.
        if (Math.Min(w.Top, w.Bottom) < 0 || Math.Min(w.Left, w.Right) < 0 || Math.Max(w.Top, w.Bottom) >= w.Height || Math.Max(w.Left, w.Right) >= w.Width)
            throw new ArgumentException($"{operation}: padding must be from 0 to one less than the window, found {w}.");
        if ((long)Height + w.Top + w.Bottom < w.Height || (long)Width + w.Left + w.Right < w.Width)
            throw new ArgumentException($"{operation}: the window does not fit into the padded image, found {this}.");
    }

    private static int Outputs(int extent, int before, int after, int kernel, int stride) => ((extent + before + after - kernel) / stride) + 1;
}
