namespace Engine.Tests.Tensors;

public sealed class ConvolutionLayerTests : IsolatedTests
{
    private readonly ModuleOptions _options;

    public ConvolutionLayerTests() => _options = ModuleOptions.FromSeed(1, Cpu);

    [Fact]
    public void Images_go_through_the_shapes_of_a_small_generator_and_discriminator()
    {
        using Sequential generator = new(
            new Linear(10, 7 * 7 * 8, _options), new Unflatten(7, 7, 8), new Relu(),
            new ConvTranspose2d(8, 4, 5, _options, stride: 2, padding: ConvPadding.Same, bias: false), new Relu(),
            new ConvTranspose2d(4, 1, 4, _options, stride: 2, padding: 1), new Tanh());
        using Sequential discriminator = new(
            new Conv2d(1, 4, 5, _options, stride: 2, padding: ConvPadding.Same), new LeakyRelu(0.2), new MaxPool2d(2), new Upsample(2),
            new AvgPool2d(2),
            new Upsample(2, UpsampleMode.Bilinear), new Conv2d(4, 8, (3, 1), _options, new Conv2dOptions(2, new Conv2dPadding(1, 1, 0, 0))),
            new Relu(),
            new Flatten(), new Linear(7 * 7 * 8, 1, _options));
        using Tape tape = new(Cpu);
        Tensor images = generator.Forward(Tensor.Normal([3, 10], new RandomStream(2)));
        Assert.Equal(new Shape(3, 28, 28, 1), images.Shape);
        Tensor scores = discriminator.Forward(images);
        Assert.Equal(new Shape(3, 1), scores.Shape);
        Assert.Equal(["0.weight", "0.bias", "3.weight", "5.weight", "5.bias"], generator.NamedParameters().Select(named => named.Name));
        Tensor[] gradients = tape.Gradients(scores.Mean(), generator.Parameters);
        Assert.All(gradients, gradient => Assert.Contains(gradient.ToArray(), g => g != 0));
    }

    [Fact]
    public void Layers_start_as_in_PyTorch()
    {
        using Conv2d conv = new(8, 12, 5, _options, groups: 2);
        Assert.Equal(new Shape(5, 5, 4, 12), conv.Weight.Shape);
        Within(1 / Math.Sqrt(5 * 5 * 4), conv.Weight, conv.Bias!);
        using ConvTranspose2d transposed = new(8, 12, 3, _options, groups: 2);
        Assert.Equal(new Shape(3, 3, 6, 8), transposed.Weight.Shape);
        Within(1 / Math.Sqrt(3 * 3 * 6), transposed.Weight, transposed.Bias!);
        using Conv2d bare = new(1, 1, 1, _options, bias: false, weightInitializer: Initializers.Constant(0.02));
        Assert.Null(bare.Bias);
        Assert.Equal([0.02f], bare.Weight.ToArray());

        static void Within(double bound, Tensor weight, Tensor bias)
        {
            Assert.All(weight.ToArray(), w => Assert.InRange(w, -bound, bound));
            Assert.InRange(weight.ToArray().Max(), 0.95 * bound, bound);
            Assert.All(bias.ToArray(), b => Assert.InRange(b, -bound, bound));
        }
    }

    [Fact]
    public void Initialisers_count_the_taps_of_a_kernel()
    {
        // He: 2 / (5 * 5 * 3); Xavier: 6 / (5 * 5 * (3 + 40)).
        using Conv2d he = new(3, 400, 5, _options, weightInitializer: Initializers.HeNormal);
        Assert.Equal(Math.Sqrt(2.0 / 75), Math.Sqrt(he.Weight.ToDoubles().Average(w => w * w)), 0.002);
        using Conv2d xavier = new(3, 40, 5, _options, weightInitializer: Initializers.XavierUniform());
        double bound = Math.Sqrt(6.0 / (25 * 43));
        Assert.InRange(xavier.Weight.ToDoubles().Max(), 0.98 * bound, bound);
    }

    [Theory, Values(false, true)]
    public void A_chain_fuses_what_follows_a_convolution_and_computes_the_same(bool transposed)
    {
        Module layer = transposed
            ? new ConvTranspose2d(3, 5, 4, _options, stride: 2, padding: 1)
            : new Conv2d(3, 5, 3, _options, stride: 2, padding: ConvPadding.Same);
        using Sequential chain = new(layer, new LeakyRelu(0.2));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 6, 5, 3], new RandomStream(3));
        Tensor apart = layer.Forward(x).LeakyRelu(0.2);
        Tensor fused = chain.Forward(x);
        Assert.Equal(apart.ToArray(), fused.ToArray());
        Tensor[] expected = tape.Gradients(apart.Square().Mean(), chain.Parameters);
        Tensor[] got = tape.Gradients(fused.Square().Mean(), chain.Parameters);
        Near(expected, got, 1e-6);
    }

    [Fact]
    public void A_weight_that_is_used_twice_gets_the_sum_of_both_gradients()
    {
        using Conv2d layer = new(2, 2, 3, _options, padding: 1);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 4, 4, 2], new RandomStream(4));
        Tensor loss = layer.Forward(layer.Forward(x)).Square().Mean();
        Tensor[] inPlace = tape.Gradients(loss, layer.Parameters);
        Tensor[] recorded = tape.Gradients(loss, layer.Parameters, createGraph: true);
        Near(recorded, inPlace, 1e-5);
    }

    [Fact]
    public void Flattened_images_come_back()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 3, 4, 5], new RandomStream(5));
        Tensor flat = new Flatten().Forward(x);
        Assert.Equal(new Shape(2, 60), flat.Shape);
        Tensor back = new Unflatten(3, 4, 5).Forward(flat);
        Assert.Equal(x.Shape, back.Shape);
        Assert.Equal(x.ToArray(), back.ToArray());
        Assert.Equal(new Shape(0, 60), new Flatten().Forward(Tensor.Ones([0, 3, 4, 5])).Shape);
    }

    [Fact]
    public void Mistakes_are_told_with_the_shapes()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([2, 5, 4, 3]);
        RefusedWith(
            "Conv2d: expected images [batch, height, width, inputs], a weight [kernel height, kernel width, inputs / groups, outputs] "
            + "and a "
            + "bias [outputs], found [2, 5, 4, 3], [3, 3, 4, 8] and no bias with 1 group.",
            () => x.Conv2d(Tensor.Ones([3, 3, 4, 8])));
        Refused("found [2, 5, 4, 3], [3, 3, 3, 8] and [7] with 1 group.",
            () => x.Conv2d(Tensor.Ones([3, 3, 3, 8]), Tensor.Ones([7])));
        Refused("found [5, 4], [3, 3, 3, 8] and no bias with 1 group.",
            () => Tensor.Ones([5, 4]).Conv2d(Tensor.Ones([3, 3, 3, 8])));
        RefusedWith("Conv2d: the groups must divide 3 inputs and 8 outputs, found 3.",
            () => x.Conv2d(Tensor.Ones([3, 3, 1, 8]), options: new(1, groups: 3)));
        RefusedWith("Conv2d: the kernel must fit into the padded image", () => x.Conv2d(Tensor.Ones([7, 3, 3, 8])));
        RefusedWith("Conv2d: padding must not be negative", () => x.Conv2d(Tensor.Ones([3, 3, 3, 8]), options: new(1, -1)));
        RefusedWith("Conv2d: expected arguments of one type, found Float32 [2, 5, 4, 3] and Float64 [3, 3, 3, 8]",
            () => x.Conv2d(Tensor.Ones([3, 3, 3, 8], DType.Float64)));
        RefusedWith(
            "ConvTranspose2d: expected images [batch, height, width, inputs], a weight [kernel height, kernel width, outputs / groups, "
            + "inputs] and a bias [outputs], found [2, 5, 4, 3], [3, 3, 8, 4] and no bias with 2 groups.",
            () => x.ConvTranspose2d(Tensor.Ones([3, 3, 8, 4]), options: new(1, groups: 2)));
        RefusedWith("ConvTranspose2d: output padding must be at least 0 and less than the stride",
            () => x.ConvTranspose2d(Tensor.Ones([3, 3, 8, 3]), options: new(2), outputPadding: (2, 0)));
        RefusedWith("ConvTranspose2d: with same padding there is no output padding, found (1, 1).",
            () => x.ConvTranspose2d(Tensor.Ones([3, 3, 8, 3]), options: new(2, ConvPadding.Same), outputPadding: (1, 1)));
        RefusedWith("ConvTranspose2d: expected a padding that leaves something of the result, found 9",
            () => x.ConvTranspose2d(Tensor.Ones([3, 3, 8, 3]), options: new(1, 9)));
        RefusedWith<ArgumentOutOfRangeException>("Conv2dOptions: the stride must be at least 1, found 0.", () => new Conv2dOptions(0));
        RefusedWith<ArgumentOutOfRangeException>("Conv2dOptions: the number of groups must be at least 1, found 0.",
            () => _ = default(Conv2dOptions) with { Groups = 0 });
        RefusedWith<ArgumentOutOfRangeException>("Conv2d: inputs and outputs must be at least 1 channel, found 0 and 8.",
            () => new Conv2d(0, 8, 3, _options));
        RefusedWith<ArgumentOutOfRangeException>("ConvTranspose2d: the kernel must be at least 1 x 1, found 0 x 0.",
            () => new ConvTranspose2d(3, 8, 0, _options));
        RefusedWith("Conv2d: expected groups that divide 3 inputs and 8 outputs, found 2.", () => new Conv2d(3, 8, 3, _options, groups: 2));
        RefusedWith("Unflatten: samples of 12 elements are needed for [3, 4], found shape [2, 11].",
            () => new Unflatten(3, 4).Forward(Tensor.Ones([2, 11])));
        RefusedWith("Flatten: needs at least one axis, found a scalar.", () => new Flatten().Forward(Tensor.Ones([])));
    }
}
