using Engine.Kernels;
using Engine.Kernels.Conv;

namespace Engine.Autograd;

/// <summary>
/// How a convolution walks over its images: strides, padding, dilations, groups. The default is a stride and a dilation of 1, one group and
/// no padding; <c>with</c> changes what differs.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A stride, a dilation or the number of groups is less than 1.</exception>
public readonly record struct Conv2dOptions
{
    /// <summary>Options with equal strides and dilations both ways.</summary>
    /// <param name="stride">Places of the image from one output to the next; at least 1.</param>
    /// <param name="padding">The padding: a count for all sides, a <see cref="Conv2dPadding"/>, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">Places of the image from one tap of the kernel to the next; at least 1.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided; at least 1.</param>
    public Conv2dOptions(int stride, ConvPadding padding = default, int dilation = 1, int groups = 1)
    {
        (StrideHeight, StrideWidth, DilationHeight, DilationWidth) = (stride, stride, dilation, dilation);
        (Padding, Groups) = (padding, groups);
    }

    // What is stored is one less: all zeros, which nothing keeps a struct from being, are the options of an ordinary convolution.

    /// <summary>Rows of the image from one output to the next.</summary>
    public int StrideHeight { get => field + 1; init => field = Less(value, "the stride"); }

    /// <summary>Columns of the image from one output to the next.</summary>
    public int StrideWidth { get => field + 1; init => field = Less(value, "the stride"); }

    /// <summary>Rows of the image from one tap of the kernel to the next.</summary>
    public int DilationHeight { get => field + 1; init => field = Less(value, "the dilation"); }

    /// <summary>Columns of the image from one tap of the kernel to the next.</summary>
    public int DilationWidth { get => field + 1; init => field = Less(value, "the dilation"); }

    /// <summary>Parts into which both kinds of channels are divided: each part of the outputs sees the same part of the inputs.</summary>
    public int Groups { get => field + 1; init => field = Less(value, "the number of groups"); }

    /// <summary>The padding.</summary>
    public ConvPadding Padding { get; init; }

    private static int Less(int value, string what) => value >= 1
        ? value - 1
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"Conv2dOptions: {what} must be at least 1, found {value}.");
}

/// <summary>
/// The padding of a convolution: counts of rows and columns of zeros, one count for all sides or one for each, or <see cref="Same"/>. The
/// default is none. A transposed convolution is cut by its padding instead.
/// </summary>
public readonly record struct ConvPadding
{
    private readonly Conv2dPadding _sides;

    private ConvPadding(Conv2dPadding sides, bool isSame) => (_sides, IsSame) = (sides, isSame);

    /// <summary>
    /// TensorFlow's "same": a convolution results in ceil(extent / stride) rows and columns, a transposed one extent * stride. Where the
    /// total is odd, the row or column that is left over lies below or to the right.
    /// </summary>
    public static ConvPadding Same { get; } = new(default, isSame: true);

    /// <summary>No padding.</summary>
    public static ConvPadding Valid => default;

    /// <summary>Whether the counts follow from the extents.</summary>
    public bool IsSame { get; }

    /// <summary>The same number of rows and columns on all sides.</summary>
    public static implicit operator ConvPadding(int size) => new(Conv2dPadding.All(size), isSame: false);

    /// <summary>A count for each side.</summary>
    public static implicit operator ConvPadding(Conv2dPadding sides) => new(sides, isSame: false);

    /// <summary>Whether a count is negative.</summary>
    internal bool IsNegative => Math.Min(Math.Min(_sides.Top, _sides.Bottom), Math.Min(_sides.Left, _sides.Right)) < 0;

    /// <summary>The padding as <c>same</c>, or as its counts.</summary>
    public override string ToString() => IsSame ? "same" : _sides.ToString();

    /// <summary>The counts for the images, the kernel and the strides of a convolution.</summary>
    internal Conv2dPadding Of(int height, int width, int kernelHeight, int kernelWidth, in Conv2dOptions options) => IsSame
        ? Conv2dPadding.Same(height, width, kernelHeight, kernelWidth, options.StrideHeight, options.StrideWidth, options.DilationHeight,
            options.DilationWidth)
        : _sides;
}

/// <summary>
/// Which taps of a kernel a masked convolution keeps (van den Oord et al. 2016, arXiv:1601.06759 and arXiv:1606.05328): those of the pixels
/// that come before the centre in raster order, row by row from the upper left.
/// </summary>
public enum ConvMask
{
    /// <summary>The rows above the centre, and what is left of it: a pixel does not see itself.</summary>
    A,

    /// <summary>Type A and the centre.</summary>
    B,

    /// <summary>The rows above the centre alone: the first layer of a vertical stack.</summary>
    VerticalA,

    /// <summary>
    /// The rows above the centre and the whole row of the centre: the further layers of a vertical stack, whose pixels know of the rows
    /// above them alone.
    /// </summary>
    VerticalB,
}
