namespace Engine.Kernels;

/// <summary>Rows and columns of zeros around an image. The sides may differ: "same" with an even kernel or a stride needs that.</summary>
/// <param name="Top">Rows above the image, at least 0.</param>
/// <param name="Bottom">Rows below it.</param>
/// <param name="Left">Columns to its left.</param>
/// <param name="Right">Columns to its right.</param>
public readonly record struct Conv2dPadding(int Top, int Bottom, int Left, int Right)
{
    /// <summary>No padding: the kernel stays inside the image.</summary>
    public static Conv2dPadding Valid => default;

    /// <summary>The same number of rows above and below and of columns left and right.</summary>
    /// <param name="size">Rows and columns on each side, at least 0.</param>
    public static Conv2dPadding All(int size) => new(size, size, size, size);

    /// <summary>As many rows above as below, as many columns left as right.</summary>
    /// <param name="vertical">Rows above, and below.</param>
    /// <param name="horizontal">Columns left, and right.</param>
    public static Conv2dPadding Symmetric(int vertical, int horizontal) => new(vertical, vertical, horizontal, horizontal);

    /// <summary>
    /// TensorFlow's "same": the output has ceil(extent / stride) rows and columns. Where the total is odd, the row or column that is left
    /// over lies below or to the right.
    /// </summary>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="strideHeight">Rows from one output to the next.</param>
    /// <param name="strideWidth">Columns from one output to the next.</param>
    /// <param name="dilationHeight">Rows from one tap of the kernel to the next.</param>
    /// <param name="dilationWidth">Columns from one tap of the kernel to the next.</param>
    /// <exception cref="ArgumentOutOfRangeException">An extent, a stride or a dilation is less than 1.</exception>
    public static Conv2dPadding Same(
        int height, int width, int kernelHeight, int kernelWidth,
        int strideHeight = 1, int strideWidth = 1, int dilationHeight = 1, int dilationWidth = 1)
    {
        int vertical = SameTotal(height, kernelHeight, strideHeight, dilationHeight);
        int horizontal = SameTotal(width, kernelWidth, strideWidth, dilationWidth);
        return new Conv2dPadding(vertical / 2, vertical - (vertical / 2), horizontal / 2, horizontal - (horizontal / 2));
    }

    /// <summary>The padding as <c>2 1 2 1</c>: top, bottom, left, right; one number where all are the same.</summary>
    public override string ToString() => Top == Bottom && Left == Right && Top == Left ? $"{Top}" : $"{Top} {Bottom} {Left} {Right}";

    private static int SameTotal(int extent, int kernel, int stride, int dilation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(extent, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        long outputs = ((long)extent + stride - 1) / stride;
        return checked((int)Math.Max(((outputs - 1) * stride) + ((long)dilation * (kernel - 1)) + 1 - extent, 0));
    }
}
