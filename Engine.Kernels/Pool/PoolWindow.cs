namespace Engine.Kernels;

/// <summary>The window of a pooling, its steps, and the places of padding around the image. Padding must be smaller than the window.</summary>
/// <param name="Height">Rows of the window; at least 1.</param>
/// <param name="Width">Columns of the window; at least 1.</param>
/// <param name="StrideY">Rows from one window to the next; at least 1.</param>
/// <param name="StrideX">Columns from one window to the next; at least 1.</param>
/// <param name="Top">Places of padding above the image.</param>
/// <param name="Left">Places of padding left of it.</param>
/// <param name="Bottom">Places of padding below it.</param>
/// <param name="Right">Places of padding right of it.</param>
public readonly record struct PoolWindow(int Height, int Width, int StrideY, int StrideX, int Top = 0, int Left = 0, int Bottom = 0, int Right = 0)
{
    /// <summary>A square window with the same padding on all sides.</summary>
    /// <param name="kernel">Rows and columns of the window.</param>
    /// <param name="stride">Places from one window to the next, both ways; null takes <paramref name="kernel"/>: windows side by side.</param>
    /// <param name="padding">Places of padding on each side.</param>
    public static PoolWindow Square(int kernel, int? stride = null, int padding = 0) =>
        new(kernel, kernel, stride ?? kernel, stride ?? kernel, padding, padding, padding, padding);

    /// <summary>The window as <c>2 x 2, stride 2 x 2, padding 0 0 0 0 (top, left, bottom, right)</c>.</summary>
    public override string ToString() => $"window {Height} x {Width}, stride {StrideY} x {StrideX}, padding {Top} {Left} {Bottom} {Right} (top, left, bottom, right)";
}
