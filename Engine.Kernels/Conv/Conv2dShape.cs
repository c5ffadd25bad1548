namespace Engine.Kernels.Conv;

/// <summary>
/// The extents of a two-dimensional convolution (cross-correlation, as usual in learning) of images in NHWC order:
/// input [Batch, Height, Width, Inputs], weight [KernelHeight, KernelWidth, Inputs / Groups, Outputs],
/// output [Batch, OutputHeight, OutputWidth, Outputs].
/// </summary>
/// <remarks>
/// A transposed convolution is the gradient of a convolution with respect to its input, and has the shape of that convolution: it goes from
/// [Batch, OutputHeight, OutputWidth, Outputs] to [Batch, Height, Width, Inputs]. <see cref="OfTranspose"/> finds it.
/// </remarks>
/// <param name="Batch">Images; 0 is allowed.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="Inputs">Channels of an input image.</param>
/// <param name="Outputs">Channels of an output image.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="StrideHeight">Rows of the input from one row of the output to the next.</param>
/// <param name="StrideWidth">Columns of the input from one column of the output to the next.</param>
/// <param name="Padding">Zeros around the input.</param>
/// <param name="DilationHeight">Rows of the input from one row of the kernel to the next.</param>
/// <param name="DilationWidth">Columns of the input from one column of the kernel to the next.</param>
/// <param name="Groups">Parts into which both kinds of channels are divided: each part of the outputs sees the same part of the
/// inputs.</param>
public readonly record struct Conv2dShape(
    int Batch, int Height, int Width, int Inputs, int Outputs, int KernelHeight, int KernelWidth,
    int StrideHeight = 1, int StrideWidth = 1, Conv2dPadding Padding = default,
    int DilationHeight = 1, int DilationWidth = 1, int Groups = 1)
{
    /// <summary>
    /// Taps at the end of the kernel, in raster order, that take no part: those of a masked convolution that would look ahead. Their
    /// weights are never read and their gradients are 0; 0 masks none. At least one tap is left.
    /// </summary>
    public int MaskedTaps { get; init; }

    /// <summary>Taps that take part: the first ones of the kernel, in raster order.</summary>
    public int LiveTaps => (KernelHeight * KernelWidth) - MaskedTaps;

    /// <summary>Rows of an output image; less than 1 where the kernel does not fit into the padded image.</summary>
    public int OutputHeight => OutputExtent(Height, KernelHeight, StrideHeight, Padding.Top, Padding.Bottom, DilationHeight);

    /// <summary>Columns of an output image; less than 1 where the kernel does not fit into the padded image.</summary>
    public int OutputWidth => OutputExtent(Width, KernelWidth, StrideWidth, Padding.Left, Padding.Right, DilationWidth);

    /// <summary>Input channels that an output channel sees.</summary>
    public int GroupInputs => Inputs / Groups;

    /// <summary>Output channels of a group.</summary>
    public int GroupOutputs => Outputs / Groups;

    /// <summary>The elements of the input.</summary>
    public long LengthInput => (long)Batch * Height * Width * Inputs;

    /// <summary>The elements of the weight.</summary>
    public long LengthWeight => (long)KernelHeight * KernelWidth * GroupInputs * Outputs;

    /// <summary>The elements of the output.</summary>
    public long LengthOutput => (long)Batch * OutputHeight * OutputWidth * Outputs;

    /// <summary>
    /// The multiplications, and as many additions, of the convolution, of its input gradient and of its weight gradient; those with the
    /// zeros of the padding are not counted, nor those with masked taps.
    /// </summary>
    public long MultiplyAdds
    {
        get
        {
            int whole = LiveTaps / KernelWidth, rest = LiveTaps % KernelWidth;
            long rows = TapsInside(Height, OutputHeight, 0, whole, StrideHeight, Padding.Top, DilationHeight);
            long lastRow = rest == 0 ? 0 : TapsInside(Height, OutputHeight, whole, whole + 1, StrideHeight, Padding.Top, DilationHeight);
            long columns = TapsInside(Width, OutputWidth, 0, KernelWidth, StrideWidth, Padding.Left, DilationWidth);
            long lastColumns = TapsInside(Width, OutputWidth, 0, rest, StrideWidth, Padding.Left, DilationWidth);
            return Batch * ((rows * columns) + (lastRow * lastColumns)) * GroupInputs * Outputs;
        }
    }

    /// <summary>The convolution along the rows of an image, from one row to the next.</summary>
    internal ConvAxis RowAxis => new(Height, OutputHeight, KernelHeight, StrideHeight, Padding.Top, DilationHeight);

    /// <summary>The convolution along the columns of an image, from one column to the next.</summary>
    internal ConvAxis ColumnAxis => new(Width, OutputWidth, KernelWidth, StrideWidth, Padding.Left, DilationWidth);

    /// <summary>
    /// The same convolution without the rows of the kernel that are masked as a whole, for kernels that have checked the shape: the taps
    /// that are left are the first of the weight in memory too. What the padding below loses may make it negative.
    /// </summary>
    internal Conv2dShape Cropped
    {
        get
        {
            int rows = (LiveTaps + KernelWidth - 1) / KernelWidth, less = KernelHeight - rows;
            if (less == 0) return this;
            return this with { KernelHeight = rows, MaskedTaps = MaskedTaps - (less * KernelWidth),
                Padding = Padding with { Bottom = Padding.Bottom - (less * DilationHeight) } };
        }
    }

    /// <summary>
    /// The convolution whose transpose goes from images of <paramref name="height"/> x <paramref name="width"/> with
    /// <paramref name="inputs"/> channels to such with <paramref name="outputs"/>. Of its extents the roles are exchanged: its
    /// <see cref="Inputs"/> are <paramref name="outputs"/>, its <see cref="OutputHeight"/> is <paramref name="height"/>.
    /// </summary>
    /// <param name="batch">Images; 0 is allowed.</param>
    /// <param name="height">Rows of an image that the transposed convolution takes.</param>
    /// <param name="width">Columns of an image that the transposed convolution takes.</param>
    /// <param name="inputs">Channels of an image that the transposed convolution takes.</param>
    /// <param name="outputs">Channels of an image that it gives.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="strideHeight">Rows of the result from one row of the argument to the next.</param>
    /// <param name="strideWidth">Columns of the result from one column of the argument to the next.</param>
    /// <param name="padding">What is cut off the result at each side: the padding of the convolution.</param>
    /// <param name="outputPaddingHeight">Rows that are added below the result, fewer than the stride: a convolution of a stride does not
    /// see all of its rows.</param>
    /// <param name="outputPaddingWidth">Columns that are added to its right.</param>
    /// <param name="dilationHeight">Rows of the result from one row of the kernel to the next.</param>
    /// <param name="dilationWidth">Columns of the result from one column of the kernel to the next.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided.</param>
    /// <exception cref="ArgumentException">
    /// The output padding is negative or not less than the stride, nothing is left of the result, or <see cref="Check"/> finds fault with
    /// the shape.
    /// </exception>
    public static Conv2dShape OfTranspose(
        int batch, int height, int width, int inputs, int outputs, int kernelHeight, int kernelWidth,
        int strideHeight = 1, int strideWidth = 1, Conv2dPadding padding = default,
        int outputPaddingHeight = 0, int outputPaddingWidth = 0, int dilationHeight = 1, int dilationWidth = 1, int groups = 1)
    {
        const string operation = nameof(ConvTranspose2d);
        AtLeastOne(operation, "the height and width of the argument", height, width);
        AtLeastOne(operation, "strides", strideHeight, strideWidth);
        if (outputPaddingHeight < 0 || outputPaddingHeight >= strideHeight || outputPaddingWidth < 0 || outputPaddingWidth >= strideWidth)
        {
            throw new ArgumentException(
                $"{operation}: output padding must be at least 0 and less than the stride, found {outputPaddingHeight} x "
                + $"{outputPaddingWidth} for a stride of {strideHeight} x {strideWidth}.");
        }

        long Extent(int extent, int kernel, int stride, int before, int after, int dilation, int more) =>
            ((extent - 1L) * stride) - before - after + ((long)dilation * (kernel - 1)) + 1 + more;
        long resultHeight = Extent(height, kernelHeight, strideHeight, padding.Top, padding.Bottom, dilationHeight, outputPaddingHeight);
        long resultWidth = Extent(width, kernelWidth, strideWidth, padding.Left, padding.Right, dilationWidth, outputPaddingWidth);
        if (resultHeight < 1 || resultWidth < 1)
        {
            throw new ArgumentException(
                $"{operation}: expected a padding that leaves something of the result, found {padding}, which leaves {resultHeight} x "
                + $"{resultWidth}.");
        }

        if (resultHeight > int.MaxValue || resultWidth > int.MaxValue) throw new ArgumentException(
            $"{operation}: expected a result of at most {int.MaxValue} elements, found {resultHeight} x {resultWidth}.");
        Conv2dShape shape = new(
            batch, (int)resultHeight, (int)resultWidth, outputs, inputs, kernelHeight, kernelWidth,
            strideHeight, strideWidth, padding, dilationHeight, dilationWidth, groups);
        shape.Check(operation);
        return shape;
    }

    /// <summary>
    /// The shape as <c>64 x [28, 28, 1] * [5, 5, 1, 64] stride 2 padding 2</c>, where it differs from the default also dilation and groups.
    /// </summary>
    public override string ToString() =>
        $"{Batch} x [{Height}, {Width}, {Inputs}] * [{KernelHeight}, {KernelWidth}, {(Groups > 0 ? GroupInputs : Inputs)}, {Outputs}]"
        + Pair(" stride ", StrideHeight, StrideWidth) + (Padding == default ? "" : $" padding {Padding}")
        + Pair(" dilation ", DilationHeight, DilationWidth) + (Groups == 1 ? "" : $" groups {Groups}")
        + (MaskedTaps == 0 ? "" : $" masked taps {MaskedTaps}");

    /// <summary>Throws unless the extents make sense together.</summary>
    /// <param name="operation">The name that the message starts with.</param>
    /// <exception cref="ArgumentException">
    /// An extent, stride, dilation or the number of groups is less than 1 (the batch: less than 0), a padding is negative, the groups do
    /// not divide the channels, the kernel does not fit into the padded image, no tap is left by the mask, or an image or the weight has
    /// more elements than an array can hold.
    /// </exception>
    public void Check(string operation)
    {
        if (Batch < 0) throw new ArgumentException($"{operation}: the batch must not be negative, found {Batch}.");
        AtLeastOne(operation, "the height and width of the input", Height, Width);
        if (Inputs < 1 || Outputs < 1)
            throw new ArgumentException($"{operation}: inputs and outputs must be at least 1 channel, found {Inputs} and {Outputs}.");
        AtLeastOne(operation, "the height and width of the kernel", KernelHeight, KernelWidth);
        AtLeastOne(operation, "strides", StrideHeight, StrideWidth);
        AtLeastOne(operation, "dilations", DilationHeight, DilationWidth);
        if (Padding.Top < 0 || Padding.Bottom < 0 || Padding.Left < 0 || Padding.Right < 0)
            throw new ArgumentException($"{operation}: padding must not be negative, found {Padding}.");
        if (Groups < 1 || Inputs % Groups != 0 || Outputs % Groups != 0)
            throw new ArgumentException($"{operation}: the groups must divide {Inputs} inputs and {Outputs} outputs, found {Groups}.");
        if (MaskedTaps < 0 || MaskedTaps >= (long)KernelHeight * KernelWidth)
            throw new ArgumentException(
                $"{operation}: masked taps must be fewer than the {KernelHeight} x {KernelWidth} of the kernel, found {MaskedTaps}.");
        long spanHeight = ((long)DilationHeight * (KernelHeight - 1)) + 1, spanWidth = ((long)DilationWidth * (KernelWidth - 1)) + 1;
        long paddedHeight = (long)Height + Padding.Top + Padding.Bottom, paddedWidth = (long)Width + Padding.Left + Padding.Right;
        if (paddedHeight > int.MaxValue || paddedWidth > int.MaxValue)
            throw new ArgumentException(
                $"{operation}: expected a padded image of at most {int.MaxValue} rows and columns, found {paddedHeight} x {paddedWidth}.");
        if (spanHeight > paddedHeight || spanWidth > paddedWidth)
        {
            throw new ArgumentException(
                $"{operation}: the kernel must fit into the padded image, found a kernel that spans {spanHeight} x {spanWidth} and an "
                + $"image of {paddedHeight} x {paddedWidth} with its padding.");
        }

        if (LengthOf(Height, Width, Inputs) > int.MaxValue || LengthOf(OutputHeight, OutputWidth, Outputs) > int.MaxValue
            || (Int128)KernelHeight * KernelWidth * GroupInputs * Outputs > int.MaxValue)
        {
            throw new ArgumentException($"{operation}: arrays have at most {int.MaxValue} elements, found {this}.");
        }
    }

    private Int128 LengthOf(int height, int width, int channels) => (Int128)Math.Max(Batch, 1) * height * width * channels;

    private static int OutputExtent(int extent, int kernel, int stride, int before, int after, int dilation)
    {
        long room = (long)extent + before + after - ((long)dilation * (kernel - 1)) - 1;
        return room < 0 || stride < 1 ? 0 : (int)((room / stride) + 1);
    }

    /// <summary>The pairs of one of some taps and a place of the output, along one axis, that meet the image and not its padding.</summary>
    private static long TapsInside(int extent, int outputs, int from, int to, int stride, int before, int dilation)
    {
        long taps = 0;
        for (int k = from; k < to; k++)
        {
            // 0 <= o * stride + offset < extent
            long offset = ((long)k * dilation) - before;
            long first = offset >= 0 ? 0 : (-offset + stride - 1) / stride,
                last = (extent - 1 - offset) < 0 ? -1 : (extent - 1 - offset) / stride;
            taps += Math.Max(Math.Min(last, outputs - 1) - first + 1, 0);
        }

        return taps;
    }

    private static void AtLeastOne(string operation, string what, int height, int width)
    {
        if (height < 1 || width < 1) throw new ArgumentException($"{operation}: {what} must be at least 1, found {height} x {width}.");
    }

    private static string Pair(string name, int height, int width) =>
        height == 1 && width == 1 ? "" : height == width ? $"{name}{height}" : $"{name}{height} x {width}";
}
