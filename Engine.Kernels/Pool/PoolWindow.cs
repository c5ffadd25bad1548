using Engine.Kernels.Conv;

namespace Engine.Kernels.Pool;

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

    /// <summary>The window as <c>3 x 3 stride 2 x 2 padding 1</c>.</summary>
    public override string ToString() =>
        $"{Height} x {Width} stride {StrideHeight} x {StrideWidth}{(Padding == default ? "" : $" padding {Padding}")}";
}
