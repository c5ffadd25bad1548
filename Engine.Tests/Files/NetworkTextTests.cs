namespace Engine.Tests.Files;

/// <summary>Networks as text, and made again.</summary>
public sealed class NetworkTextTests : IsolatedTests
{
    private ModuleOptions Options => ModuleOptions.FromSeed(1, Cpu);

    [Fact]
    public void Every_layer_is_made_again_as_it_was()
    {
        using Sequential network = new(
            new Unflatten(channelsFirst: true, 6, 6, 2), new Conv2d(2, 8, (3, 5), Options, new Conv2dOptions {
                StrideHeight = 2, StrideWidth = 1, DilationWidth = 1, Groups = 2, Padding = Conv2dPadding.Symmetric(1, 2) }, bias: false),
            new BatchNorm(8, Options, momentum: 0.3, epsilon: 1e-3), new LeakyRelu(0.2),
            new ConvTranspose2d(8, 4, kernel: 3, Options, stride: 2, padding: 1, outputPadding: 1), new GroupNorm(2, 4, Options),
            new Silu(), new InstanceNorm(4, Options, affine: false), new Elu(0.5), new Conv2d(4, 3, 5, Options, padding: ConvPadding.Same),
            new Upsample(2, UpsampleMode.Bilinear), new Gelu(approximate: true), new Flatten(channelsFirst: true),
            new Dropout(0.25, Options),
            new Linear(864, 5, Options), new LayerNorm(5, Options), new Softplus(), new Linear(5, 4, Options, bias: false), new Relu(),
            new Tanh(), new Sigmoid());
        string text = NetworkText.Of(network);
        using Sequential again = NetworkText.Read(text, ModuleOptions.FromSeed(2, Cpu));
        Assert.Equal(text, NetworkText.Of(again));
        Assert.Equal(network.Layers.Select(layer => layer.GetType()), again.Layers.Select(layer => layer.GetType()));
        network.SaveSafetensors(Folder["weights"]);
        again.LoadSafetensors(Folder["weights"]);
        network.Eval();
        again.Eval();
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([3, 72], new RandomStream(3));
        Assert.Equal(network.Forward(x).ToArray(), again.Forward(x).ToArray());
        Assert.StartsWith(
            "unflatten extents=6x6x2 channels-first=yes\n"
            + "conv inputs=2 outputs=8 kernel=3x5 stride=2x1 groups=2 padding=1x1x2x2 bias=no", text);
    }

    [Theory]
    [InlineData("linear inputs=3", "Layer 0: linear: expected a value 'outputs', found none.")]
    [InlineData("relu\nlinear inputs=3 outputs=0", "Layer 1: Linear: outputs must be at least 1, found 0.")]
    [InlineData("linear inputs=three outputs=1", "Layer 0: linear inputs: expected whole numbers with x between, found 'three'.")]
    [InlineData("linear inputs=3x3 outputs=1", "Layer 0: linear inputs: expected a whole number, found '3x3'.")]
    [InlineData("relu slope=1", "Layer 0: relu: has no value 'slope'.")]
    [InlineData("spline", "Layer 0: expected the name of a layer, found 'spline'.")]
    [InlineData("relu slope", "Layer 0: expected a name, '=' and a value, each name once, found 'slope' in 'relu slope'.")]
    [InlineData("gelu approximate=perhaps", "Layer 0: gelu approximate: expected yes or no, found 'perhaps'.")]
    [InlineData("dropout probability=2", "Layer 0: Dropout: the probability must be in [0, 1), found 2.")]
    [InlineData("conv inputs=1 outputs=1 kernel=3", "Layer 0: conv kernel: expected two whole numbers with x between, found '3'.")]
    [InlineData("conv inputs=1 outputs=1 kernel=3x3 padding=1x1", "Layer 0: padding: expected one count or four, found 2.")]
    [InlineData("linear inputs=99999999999 outputs=1", "Layer 0: linear inputs: expected whole numbers")]
    [InlineData("linear inputs=2000000 outputs=2000000", "Layer 0: Linear: ")]
    public void What_is_no_network_is_refused(string text, string message) =>
        Refusal.RefusedWith<FormatException>(message, () => NetworkText.Read(text, Options));

    [Fact]
    public void A_layer_without_a_text_is_named()
    {
        using Sequential network = new(new Relu(), new Sequential(new Relu()));
        Refusal.RefusedWith<NotSupportedException>(
            "Layer 1 is a Sequential, which has no text: expected one of the layers of NetworkText.", () => NetworkText.Of(network));
    }
}
