using Engine.Kernels.Conv;

namespace Engine.Tests.Tensors;

public sealed class MaskedConv2dTests : IsolatedTests
{
    [Theory]
    [InlineData(ConvMask.A, 3, 3, 4)]
    [InlineData(ConvMask.B, 3, 3, 5)]
    [InlineData(ConvMask.A, 7, 7, 24)]
    [InlineData(ConvMask.B, 7, 7, 25)]
    [InlineData(ConvMask.VerticalA, 5, 3, 6)]
    [InlineData(ConvMask.VerticalB, 5, 3, 9)]
    [InlineData(ConvMask.A, 1, 5, 2)]
    [InlineData(ConvMask.B, 1, 1, 1)]
    public void Masked_weights_start_at_zero_and_have_no_gradient(ConvMask mask, int height, int width, int taps)
    {
        foreach (string name in (string[])["cpu:1", KernelDevice.Name])
        {
            using Device device = Device.Open(name);
            using MaskedConv2d layer = new(2, 3, (height, width), mask, ModuleOptions.FromSeed(1, device), dilation: 1);
            float[] weights = layer.Weight.ToArray();
            using Tape tape = new(device);
            Tensor y = layer.Forward(Tensor.Ones([1, 4, 5, 2]));
            float[] gradients = tape.Gradients(y.Square().Sum(), [layer.Weight])[0].ToArray();
            for (int i = 0; i < weights.Length; i++)
            {
                Assert.Equal(i < taps * 6, weights[i] != 0);
                if (i >= taps * 6) Assert.Equal(0, gradients[i]);
            }
        }
    }

    [Theory, Rows("2 3, 16 16, 16 1, 1 16")]
    public void Masked_weights_are_never_read(int inputs, int outputs)
    {
        using MaskedConv2d layer = new(inputs, outputs, 3, ConvMask.B, ModuleOptions.FromSeed(1, Cpu));
        (float[] Output, float[] Gradient) Run()
        {
            using Tape tape = new(Cpu);
            Tensor x = tape.Watch(Tensor.Uniform([2, 9, 9, inputs], new RandomStream(2)));
            Tensor y = layer.Forward(x, Activation.Relu);
            return (y.ToArray(), tape.Gradients(y.Sum(), [x])[0].ToArray());
        }

        (float[] output, float[] gradient) = Run();
        float[] weights = layer.Weight.ToArray();
        weights.AsSpan(5 * inputs * outputs).Fill(float.NaN);
        layer.Weight.Set(weights);
        (float[] also, float[] alsoGradient) = Run();
        Assert.Equal(output, also);
        Assert.Equal(gradient, alsoGradient);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_a_sentence()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Refused("odd height and width, found 2 x 2", () => new MaskedConv2d(1, 1, 2, ConvMask.A, options));
        Refused("expected a mask that leaves a tap, found A for a kernel of 1 x 1", () => new MaskedConv2d(1, 1, 1, ConvMask.A, options));
        using Tape tape = new(Cpu);
        Refused("[2, 3, 3, 2]", () => Tensor.Zeros([2, 3, 3, 2]).MaskedConv2d(Tensor.Zeros([3, 3, 1, 4]), null, ConvMask.A));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Tensor.Zeros([2, 3, 3, 1]).MaskedConv2d(Tensor.Zeros([3, 3, 1, 4]), null, ConvMask.A, dilation: 0));
        Conv2dShape shape = new(1, 3, 3, 1, 1, 3, 3) { MaskedTaps = 9 };
        Refused("masked taps must be fewer than the 3 x 3", () => shape.Check("Conv2d"));
    }

    [Fact]
    public void Masked_taps_are_not_counted()
    {
        // Of 5 taps the ones beside and above fall on the padding at the border.
        Assert.Equal((25 + 20 + 20 + 16 + 16) * 6L,
            (new Conv2dShape(1, 5, 5, 2, 3, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 }).MultiplyAdds);
        Assert.Equal("1 x [5, 5, 2] * [3, 3, 2, 3] padding 1 masked taps 4",
            (new Conv2dShape(1, 5, 5, 2, 3, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 }).ToString());
    }
}
