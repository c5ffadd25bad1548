namespace Engine.Kernels.Pool;

/// <summary>
/// The extents of a pooling of images [Batch, Height, Width, Channels] to [Batch, OutputHeight, OutputWidth, Channels]. Windows that would
/// leave the padded image are dropped: the output has floor((extent + padding - window) / stride) + 1 places along each axis.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image; at least 1.</param>
/// <param name="Width">Columns of an image; at least 1.</param>
/// <param name="Channels">Channels; each is pooled independently.</param>
/// <param name="Window">The window.</param>
public readonly record struct PoolShape(int Batch, int Height, int Width, int Channels, PoolWindow Window)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Outputs(Height, Window.Padding.Top, Window.Padding.Bottom, Window.Height, Window.StrideHeight);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Outputs(Width, Window.Padding.Left, Window.Padding.Right, Window.Width, Window.StrideWidth);

    /// <summary>The elements of the input.</summary>
    public long LengthX => (long)Batch * Height * Width * Channels;

    /// <summary>The elements of the output.</summary>
    public long LengthY => (long)Batch * OutputHeight * OutputWidth * Channels;

    /// <summary>The shape as <c>[64, 28, 28, 16], window 2 x 2 stride 2 x 2</c>.</summary>
    public override string ToString() => $"[{Batch}, {Height}, {Width}, {Channels}], window {Window}";

    /// <summary>Checks the extents.</summary>
    /// <exception cref="ArgumentException">An extent is out of its range, or the window does not fit into the padded image.</exception>
    internal void Check(string operation)
    {
        (PoolWindow w, Conv2dPadding p) = (Window, Window.Padding);
        if (Batch < 0 || Channels < 0 || Height < 1 || Width < 1)
            throw new ArgumentException(
                $"{operation}: images [batch, height, width, channels] with at least one row and column are needed, found {this}.");
        w.Check(operation);
        if ((long)Height + p.Top + p.Bottom < w.Height || (long)Width + p.Left + p.Right < w.Width)
            throw new ArgumentException($"{operation}: the window does not fit into the padded image, found {this}.");
        if (Math.Min(OutputHeight, OutputWidth) < 1 || (Int128)Math.Max(1, Batch) * OutputHeight * OutputWidth
            * Math.Max(1, Channels) > int.MaxValue)
            throw new ArgumentException($"{operation}: expected a result of at most {int.MaxValue} elements, found {this}.");
    }

    private static int Outputs(int extent, int before, int after, int kernel, int stride) =>
        (int)((((long)extent + before + after - kernel) / stride) + 1);
}

/// <summary>The window of a pooling, its strides, and the padding around the image, which must be smaller than the window.</summary>
/// <param name="Height">Rows of the window; at least 1.</param>
/// <param name="Width">Columns of the window; at least 1.</param>
/// <param name="StrideHeight">Rows from one window to the next; at least 1.</param>
/// <param name="StrideWidth">Columns from one window to the next; at least 1.</param>
/// <param name="Padding">Rows and columns around the image.</param>
public readonly record struct PoolWindow(int Height, int Width, int StrideHeight, int StrideWidth, Conv2dPadding Padding = default)
{
    /// <summary>A square window with the same padding on all sides.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Places from one window to the next, both ways; null takes <paramref name="kernel"/>: windows side by
    /// side.</param>
    /// <param name="padding">Rows and columns on each side.</param>
    public static PoolWindow Square(int kernel, int? stride = null, int padding = 0) =>
        new(kernel, kernel, stride ?? kernel, stride ?? kernel, Conv2dPadding.All(padding));

    /// <summary>Throws unless the extents make sense together.</summary>
    internal PoolWindow Check(string operation)
    {
        if (Height < 1 || Width < 1 || StrideHeight < 1 || StrideWidth < 1)
            throw new ArgumentException(
                $"{operation}: the extents of the window and its strides must be at least 1, found a window of {this}.");
        if ((long)Height * Width > 1 << 24) throw new ArgumentException(
            $"{operation}: a window has at most 2^24 places, found a window of {this}.");

        // With less padding than window every window sees the image.
        (int top, int bottom, int left, int right) = (Padding.Top, Padding.Bottom, Padding.Left, Padding.Right);
        if (Math.Min(top, bottom) < 0 || Math.Min(left, right) < 0 || Math.Max(top, bottom) >= Height || Math.Max(left, right) >= Width)
            throw new ArgumentException($"{operation}: padding must be from 0 to one less than the window, found a window of {this}.");
        return this;
    }

    /// <summary>The window as <c>3 x 3 stride 2 x 2 padding 1</c>.</summary>
    public override string ToString() =>
        $"{Height} x {Width} stride {StrideHeight} x {StrideWidth}{(Padding == default ? "" : $" padding {Padding}")}";
}
