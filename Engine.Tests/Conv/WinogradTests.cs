using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Host;

namespace Engine.Tests.Conv;

public sealed class WinogradTests
{
    public static TheoryData<int, string> Cases => ConvReference.Numbered(s_shapes);

    /// <summary>
    /// Kernels of two and three taps in each phase, tiles that hang over, padding that is not symmetric, panels of one to three vectors.
    /// </summary>
    private static readonly Conv2dShape[] s_shapes =
    [
        new(5, 8, 8, 32, 48, 3, 3, Padding: Conv2dPadding.All(1)),
        new(3, 14, 14, 32, 64, 5, 5, 2, 2, Conv2dPadding.All(2)),
        new(3, 13, 15, 48, 32, 5, 5, 2, 2, Conv2dPadding.Same(13, 15, 5, 5, 2, 2)),
        new(4, 9, 12, 32, 32, 4, 4, 2, 2, Conv2dPadding.All(1)),
        new(3, 11, 12, 32, 112, 3, 5, 1, 2, new Conv2dPadding(0, 1, 2, 2)),
        new(9, 7, 7, 64, 80, 3, 3, Padding: Conv2dPadding.All(1)),
        new(2, 10, 9, 48, 48, 3, 3, Padding: Conv2dPadding.All(1)),
        new(2, 6, 21, 32, 48, 5, 3, 2, 1, Conv2dPadding.Symmetric(2, 1)),
        new(0, 8, 8, 16, 16, 3, 3, Padding: Conv2dPadding.All(1)),
        new(70, 1, 2, 16, 32, 3, 3, Padding: Conv2dPadding.All(1)),
        new(2, 28, 28, 16, 16, 2, 3, Padding: new Conv2dPadding(1, 0, 1, 1)),
        new(7, 5, 3, 48, 64, 3, 3, Padding: Conv2dPadding.All(1)),
        new(3, 13, 9, 32, 48, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 },
        new(3, 9, 9, 32, 32, 5, 5, 2, 2, Padding: Conv2dPadding.All(2)) { MaskedTaps = 8 },
    ];

    [Theory, MemberData(nameof(Cases))]
    public void Every_product_agrees_with_the_definition(int index, string shape)
    {
        Assert.True(WinogradPlan.IsPossible<float>(s_shapes[index], false) && WinogradPlan.IsPossible<float>(s_shapes[index], true), shape);
        Activation activation = index % 2 == 0 ? Activation.Tanh : Activation.LeakyRelu(0.2);
        new ConvCase<float>(s_shapes[index], index, ConvForm.Winograd).CheckAll(4e-6, index % 2 == 0, activation, index % 3 == 0);
    }

    /// <summary>
    /// The largest error beside the root mean square of the result, on numbers that are uniform in [-1, 1): the transform costs about one
    /// decimal of float32, and no more.
    /// </summary>
    [Theory]
    [InlineData(64, 3, 1, 1)]
    [InlineData(64, 5, 2, 2)]
    public void The_transform_loses_no_more_than_is_said(int channels, int kernel, int stride, int padding)
    {
        Conv2dShape shape = new(16, 16, 16, channels, channels, kernel, kernel, stride, stride, Conv2dPadding.All(padding));
        ConvCase<float> x = new(shape, 9);
        using CpuDevice host = new(1);
        foreach (ConvReference.Target target in Enum.GetValues<ConvReference.Target>())
        {
            double direct = x.LargestError(host, target, ConvForm.Direct), winograd = x.LargestError(host, target, ConvForm.Winograd);
            Assert.InRange(direct, 0, 1.5e-5);
            Assert.True(winograd is > 0 and <= 6e-5, $"{target} of {shape}: {winograd:E2}, direct {direct:E2}");
            Assert.NotEqual(direct, winograd);
        }
    }

    [Fact]
    public void The_shape_chooses_the_form()
    {
        Conv2dShape large = new(64, 28, 28, 64, 128, 5, 5, 2, 2, Conv2dPadding.All(2));
        Takes(large, true);
        Takes(new(64, 7, 7, 256, 256, 3, 3, Padding: Conv2dPadding.All(1)), true);
        Takes(large with { Batch = 1 }, false);
        Takes(large with { Inputs = 8 }, false);
        Takes(large with { Groups = 2 }, false);
        Takes(large with { DilationHeight = 2 }, false);
        Takes(large with { KernelHeight = 7 }, false);
        Takes(new(64, 28, 28, 64, 64, 1, 1), false);
        Assert.False(HostConv2d.TakesWinograd<double>(large, false, ConvForm.Winograd));
        Assert.False(HostConv2d.TakesWinograd<float>(large, false, ConvForm.Direct));

        static void Takes(Conv2dShape shape, bool winograd)
        {
            Assert.Equal(winograd, HostConv2d.TakesWinograd<float>(shape, false, ConvForm.ByShape));
            Assert.Equal(winograd, HostConv2d.TakesWinograd<float>(shape, true, ConvForm.ByShape));
        }
    }
}
