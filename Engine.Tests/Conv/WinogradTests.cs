using Engine.Kernels;
using Engine.Kernels.Conv;
using Xunit;

namespace Engine.Tests;

public sealed class WinogradTests
{
    public static TheoryData<int, string> Cases
    {
        get
        {
            TheoryData<int, string> data = [];
            for (int i = 0; i < s_shapes.Length; i++) data.Add(i, s_shapes[i].ToString());
            return data;
        }
    }

    /// <summary>Kernels of two and three taps in each phase, tiles that hang over, padding that is not symmetric, panels of one to three vectors.</summary>
    private static readonly Conv2dShape[] s_shapes =
    [
        new(40, 8, 8, 32, 48, 3, 3, Padding: Conv2dPadding.All(1)),
        new(33, 14, 14, 32, 64, 5, 5, 2, 2, Conv2dPadding.All(2)),
        new(30, 13, 15, 48, 32, 5, 5, 2, 2, Conv2dPadding.Same(13, 15, 5, 5, 2, 2)),
        new(41, 9, 12, 32, 32, 4, 4, 2, 2, Conv2dPadding.All(1)),
        new(35, 11, 12, 32, 112, 3, 5, 1, 2, new Conv2dPadding(0, 1, 2, 2)),
        new(64, 7, 7, 64, 80, 3, 3, Padding: Conv2dPadding.All(1)),
        new(60, 10, 9, 48, 48, 3, 3, Padding: Conv2dPadding.All(1)),
        new(50, 6, 21, 32, 48, 5, 3, 2, 1, Conv2dPadding.Symmetric(2, 1)),
        new(150, 5, 3, 48, 64, 3, 3, Padding: Conv2dPadding.All(1)),
    ];

    [Theory, MemberData(nameof(Cases))]
    public void Every_product_agrees_with_the_definition(int index, string shape)
    {
        Assert.True(ConvForms.TakesWinograd<float>(s_shapes[index], false, false) && ConvForms.TakesWinograd<float>(s_shapes[index], true, false), shape);
        new ConvCase<float>(s_shapes[index], index).CheckAll(4e-6, index % 2 == 0, index % 2 == 0 ? Activation.Tanh : Activation.LeakyRelu(0.2), index % 3 == 0);
    }

    /// <summary>
    /// The largest error beside the root mean square of the result, on numbers that are uniform in [-1, 1): the transform costs about one decimal of float32, and no more.
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
            double direct = x.LargestError(host, target, direct: true), winograd = x.LargestError(host, target, direct: false);
            Assert.InRange(direct, 0, 1.5e-5);
            Assert.True(winograd is > 0 and <= 6e-5, $"{target} of {shape}: {winograd:E2}, direct {direct:E2}");
            Assert.NotEqual(direct, winograd);
        }
    }
}
