namespace Engine.Kernels.Conv.Host;

/// <summary>
/// Which pixel of the left side a tap takes for a pixel [y, x] of the right side: [y StrideHeight + i DilationHeight - Above, x StrideWidth
/// + j DilationWidth - Before].
/// </summary>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="StrideHeight">Rows of the left side for each of the right.</param>
/// <param name="StrideWidth">Columns of the left side for each of the right.</param>
/// <param name="DilationHeight">Rows from one tap to the next.</param>
/// <param name="DilationWidth">Columns from one tap to the next.</param>
/// <param name="Above">How far above pixel 0 the first tap reaches; negative when it starts below.</param>
/// <param name="Before">How far left of pixel 0 it reaches.</param>
/// <param name="Reversed">Whether the taps are counted from the kernel's end.</param>
/// <param name="FirstTap">The first tap, as they are counted, that takes part; those that do lie one after the other.</param>
/// <param name="Taps">How many take part.</param>
internal readonly record struct TapGeometry(
    int KernelHeight, int KernelWidth, int StrideHeight, int StrideWidth, int DilationHeight, int DilationWidth, int Above, int Before,
    bool Reversed,
    int FirstTap, int Taps)
{
    /// <summary>The input on the left, the gradient of the output on the right.</summary>
    internal static TapGeometry Of(in Conv2dShape shape) => new(
        shape.KernelHeight, shape.KernelWidth, shape.StrideHeight, shape.StrideWidth, shape.DilationHeight, shape.DilationWidth,
        shape.Padding.Top, shape.Padding.Left, Reversed: false, 0, shape.LiveTaps);

    /// <summary>
    /// The gradient of the output on the left, the input on the right, for a stride of 1: input q meets output q + p - k d, which is
    /// q + k' d - ((K - 1) d - p) with the taps counted from the other end.
    /// </summary>
    internal static TapGeometry Exchanged(in Conv2dShape shape) => new(
        shape.KernelHeight, shape.KernelWidth, 1, 1, shape.DilationHeight, shape.DilationWidth,
        ((shape.KernelHeight - 1) * shape.DilationHeight) - shape.Padding.Top,
        ((shape.KernelWidth - 1) * shape.DilationWidth) - shape.Padding.Left, Reversed: true,
        shape.MaskedTaps, shape.LiveTaps);

    /// <summary>How far the taps reach over a number of pixels.</summary>
    internal static int Seen(int extent, int stride, int kernel, int dilation) => ((extent - 1) * stride) + ((kernel - 1) * dilation) + 1;
}
