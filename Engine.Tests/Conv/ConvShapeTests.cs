using Engine.Kernels.Conv;

namespace Engine.Tests.Conv;

public sealed class ConvShapeTests
{
    [Theory, Rows("28 5 2 1 2 14, 28 5 2 2 2 14, 7 3 1 1 1 7, 7 3 1 0 0 5, 5 5 3 0 0 1")]
    public void The_output_has_the_usual_extent(int extent, int kernel, int stride, int before, int after, int outputs)
    {
        Conv2dShape shape = new(2, extent, extent, 3, 4, kernel, kernel, stride, stride, new Conv2dPadding(before, after, before, after));
        Assert.Equal((outputs, outputs), (shape.OutputHeight, shape.OutputWidth));
        Assert.Equal(2 * outputs * outputs * 4, shape.LengthOutput);
    }

    [Theory, Rows("28 5 2 1 1 2, 28 4 2 1 1 1, 7 5 2 1 2 2, 10 3 3 1 1 1, 9 2 1 3 1 2, 4 1 2 1 0 0")]
    public void Same_padding_is_that_of_TensorFlow(int extent, int kernel, int stride, int dilation, int before, int after)
    {
        Conv2dPadding padding = Conv2dPadding.Same(extent, extent, kernel, kernel, stride, stride, dilation, dilation);
        Assert.Equal(new Conv2dPadding(before, after, before, after), padding);
        Conv2dShape shape = new(1, extent, extent, 1, 1, kernel, kernel, stride, stride, padding, dilation, dilation);
        Assert.Equal((extent + stride - 1) / stride, shape.OutputHeight);
    }

    [Theory, Rows("7 5 2 2 1 14, 14 4 2 1 0 28, 3 3 3 0 2 11")]
    public void The_shape_of_a_transposed_convolution_leads_back_to_its_argument(
        int extent, int kernel, int stride, int padding, int more, int result)
    {
        Conv2dShape shape = Conv2dShape.OfTranspose(
            6, extent, extent, 8, 3, kernel, kernel, stride, stride, Conv2dPadding.All(padding), more, more);
        Assert.Equal((result, result, 3), (shape.Height, shape.Width, shape.Inputs));
        Assert.Equal((extent, extent, 8), (shape.OutputHeight, shape.OutputWidth, shape.Outputs));
    }

    [Fact]
    public void Multiplications_with_the_padding_are_not_counted()
    {
        Assert.Equal(2 * 5 * 5 * 3 * 4 * 9L, new Conv2dShape(2, 7, 7, 3, 4, 3, 3).MultiplyAdds);

        // Of three taps at five places two fall on the padding, on both axes.
        Assert.Equal(13 * 13, new Conv2dShape(1, 5, 5, 1, 1, 3, 3, Padding: Conv2dPadding.All(1)).MultiplyAdds);
        Assert.Equal(13 * 13, new Conv2dShape(1, 5, 5, 1, 1, 3, 3, Padding: Conv2dPadding.All(1)) { Batch = 1 }.MultiplyAdds);
    }

    [Fact]
    public void A_shape_that_makes_no_sense_is_refused_with_a_sentence()
    {
        Conv2dShape good = new(2, 8, 8, 4, 6, 3, 3);
        Says(good with { Batch = -1 }, "the batch must not be negative, found -1");
        Says(good with { Height = 0 }, "the height and width of the input must be at least 1, found 0 x 8");
        Says(good with { Outputs = 0 }, "at least 1 channel, found 4 and 0");
        Says(good with { KernelWidth = 0 }, "the height and width of the kernel must be at least 1, found 3 x 0");
        Says(good with { StrideHeight = 0 }, "strides must be at least 1, found 0 x 1");
        Says(good with { DilationWidth = -2 }, "dilations must be at least 1, found 1 x -2");
        Says(good with { Padding = new(0, 0, -1, 0) }, "padding must not be negative, found 0 0 -1 0");
        Says(good with { Groups = 3 }, "the groups must divide 4 inputs and 6 outputs, found 3");
        Says(good with { Groups = 0 }, "the groups must divide 4 inputs and 6 outputs, found 0");
        Says(good with { KernelHeight = 5, DilationHeight = 2 },
            "the kernel must fit into the padded image, found a kernel that spans 9 x 3 and an image of 8 x 8");
        Says(good with { Batch = 1 << 20, Inputs = 64, Height = 100 }, "arrays have at most");
        Refused("output padding must be at least 0 and less than the stride, found 2 x 0 for a stride of 2 x 1",
            () => Conv2dShape.OfTranspose(1, 4, 4, 1, 1, 3, 3, 2, 1, outputPaddingHeight: 2));
        Refused("expected a padding that leaves something of the result, found 2",
            () => Conv2dShape.OfTranspose(1, 1, 1, 1, 1, 3, 3, padding: Conv2dPadding.All(2)));

        static void Says(Conv2dShape shape, string sentence) =>
            Assert.Contains($"Conv2d: {sentence}",
                Assert.Throws<ArgumentException>(() => shape.Check("Conv2d")).Message.Replace("inputs and outputs must be ", ""));
    }

    [Fact]
    public void A_shape_reads_well() => Assert.Equal(
        "64 x [28, 28, 2] * [5, 5, 1, 64] stride 2 padding 1 2 1 2 groups 2",
        new Conv2dShape(64, 28, 28, 2, 64, 5, 5, 2, 2, Conv2dPadding.Same(28, 28, 5, 5, 2, 2), Groups: 2).ToString());
}
