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
    /// <param name="padding">The padding: numbers, or <see cref="ConvPadding.Same"/>.</param>
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
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"Conv2dOptions: {what} must be at least 1.");
}
