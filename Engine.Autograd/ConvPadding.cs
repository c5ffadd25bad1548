using Engine.Kernels;
using Engine.Kernels.Conv;

namespace Engine.Autograd;

/// <summary>
/// The padding of a convolution: numbers of rows and columns of zeros, which a number alone gives for all sides, or <see cref="Same"/>. The
/// default is none. A transposed convolution is cut by its padding instead.
/// </summary>
public readonly record struct ConvPadding
{
    private readonly Conv2dPadding _sides;

    private ConvPadding(Conv2dPadding sides, bool isSame) => (_sides, IsSame) = (sides, isSame);

    /// <summary>
    /// TensorFlow's "same": a convolution gives ceil(extent / stride) rows and columns, a transposed one extent * stride. Where the total
    /// is odd, the row or column that is left over lies below or to the right.
    /// </summary>
    public static ConvPadding Same { get; } = new(default, isSame: true);

    /// <summary>No padding.</summary>
    public static ConvPadding Valid => default;

    /// <summary>Whether the numbers are found from the extents.</summary>
    public bool IsSame { get; }

    /// <summary>The same number of rows and columns on all sides.</summary>
    public static implicit operator ConvPadding(int size) => new(Conv2dPadding.All(size), isSame: false);

    /// <summary>A number for each side.</summary>
    public static implicit operator ConvPadding(Conv2dPadding sides) => new(sides, isSame: false);

    /// <summary>The padding as <c>same</c>, or as its numbers.</summary>
    public override string ToString() => IsSame ? "same" : _sides.ToString();

    /// <summary>The numbers for the images, the kernel and the strides of a convolution.</summary>
    internal Conv2dPadding Of(int height, int width, int kernelHeight, int kernelWidth, in Conv2dOptions options) => IsSame
        ? Conv2dPadding.Same(height, width, kernelHeight, kernelWidth, options.StrideHeight, options.StrideWidth, options.DilationHeight,
            options.DilationWidth)
        : _sides;
}
