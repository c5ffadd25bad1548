namespace Engine.Tests.Checkpoints;

/// <summary>Models that docs/pytorch/export.py made, with numbers that PyTorch 2.6.0 computed from them.</summary>
public sealed class PyTorchModelsTests : IsolatedTests
{
    [Fact]
    public void A_convolutional_network_computes_what_it_computes_in_PyTorch()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential cnn = Cnn(options, channelsFirst: true);
        using SafetensorsFile file = Open("cnn");
        cnn.LoadSafetensors(file, WeightLayout.PyTorch, ignoreExtra: true, names: s_cnn);
        cnn.Eval();
        using Tape tape = new(Cpu, record: false);
        Near(file.Read<double>("check.output"), cnn.Forward(Images(file)), 1e-6);

        // With features in the engine's order it does not.
        using Sequential other = Cnn(options, channelsFirst: false);
        other.LoadSafetensors(file, WeightLayout.PyTorch, ignoreExtra: true, names: s_cnn);
        other.Eval();
        Assert.True(Math.Abs(other.Forward(Images(file)).ToDoubles()[0] - file.Read<double>("check.output")[0]) > 1e-3);
    }

    [Fact]
    public void A_variational_autoencoder_computes_what_it_computes_in_PyTorch()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Vae vae = new(
            new GaussianEncoder(
                new Sequential(new Conv2d(1, 4, 4, options, stride: 2, padding: 1), new Relu(), new Flatten(channelsFirst: true)),
                features: 64, latent: 2, options),
            new Sequential(
                new Linear(2, 64, options), new Relu(), new Unflatten(channelsFirst: true, 4, 4, 4),
                new ConvTranspose2d(4, 1, 4, options, stride: 2, padding: 1)));
        using SafetensorsFile file = Open("vae");
        Dictionary<string, string> names = new()
        {
            ["encoder.body.0"] = "conv", ["encoder.mean"] = "fc_mu", ["encoder.logvar"] = "fc_logvar", ["decoder.0"] = "fc_decode",
            ["decoder.3"] = "deconv",
        };
        vae.LoadSafetensors(file, WeightLayout.PyTorch, ignoreExtra: true, names: names);
        vae.Eval();
        using Tape tape = new(Cpu, record: false);
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Images(file));
        Near(file.Read<double>("check.mean"), mean, 1e-6);
        Near(file.Read<double>("check.logvar"), logVariance, 1e-6);
        Near(file.Read<double>("check.decoded"), vae.Decoder.Forward(mean).Sigmoid().Permute(0, 3, 1, 2), 1e-6);
    }

    [Fact]
    public void The_longest_name_that_fits_is_the_one_that_counts()
    {
        string path = Folder["model.safetensors"];
        new SafetensorsWriter().Add<float>("head.w", new float[] { 1, 2 }, [1, 2]).Add<float>("head.bias", new float[] { 3 }).Save(path);
        using Sequential model = new(new Linear(2, 1, ModuleOptions.FromSeed(1, Cpu)));
        model.LoadSafetensors(path, WeightLayout.PyTorch, new Dictionary<string, string> { ["0"] = "head", ["0.weight"] = "head.w" });
        Assert.Equal([1, 2, 3], model.Parameters.SelectMany(parameter => parameter.ToArray()));
    }

    [Theory]
    [InlineData("2", "conv1", "found '2'; it has 0.bias, 0.weight.")]
    [InlineData("0.w", "conv1", "found '0.w'; it has 0.bias, 0.weight.")]
    public void A_name_of_nothing_in_the_module_is_refused(string key, string value, string end)
    {
        using Sequential model = new(new Linear(2, 1, ModuleOptions.FromSeed(1, Cpu)));
        using SafetensorsFile file = Open("cnn");
        RefusedWith<ArgumentException>(
            "LoadSafetensors: expected names of parts of the Sequential, " + end,
            () => model.LoadSafetensors(file, names: new Dictionary<string, string> { [key] = value }));
    }

    [Fact]
    public void A_name_that_the_file_does_not_have_is_told_as_it_is_in_the_file()
    {
        using Sequential model = new(new Linear(72, 10, ModuleOptions.FromSeed(1, Cpu)));
        using SafetensorsFile file = Open("cnn");
        CheckpointException e = Assert.Throws<CheckpointException>(() =>
            model.LoadSafetensors(file, WeightLayout.PyTorch, names: new Dictionary<string, string> { ["0"] = "fc2" }));
        Assert.Contains("expected a tensor 'fc2.weight'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_with_channels_first_come_back()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (float)i)], [2, 2, 3, 2]);
        Tensor flat = new Flatten(channelsFirst: true).Forward(x);
        Assert.Equal([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11], flat.ToArray()[..12]);
        Assert.Equal(x.ToArray(), new Unflatten(channelsFirst: true, 2, 3, 2).Forward(flat).ToArray());
        Assert.Equal(new Shape(2, 12), new Flatten(channelsFirst: true).Forward(flat).Shape);
        Assert.Equal(new Shape(2, 12), new Unflatten(channelsFirst: true, 12).Forward(flat).Shape);
    }

    private static readonly Dictionary<string, string> s_cnn = new() { ["0"] = "conv1", ["1"] = "bn1", ["4"] = "conv2", ["7"] = "fc" };

    private static Sequential Cnn(ModuleOptions options, bool channelsFirst) => new(
        new Conv2d(1, 4, 3, options, padding: 1), new BatchNorm(4, options), new Relu(), new MaxPool2d(2),
        new Conv2d(4, 8, 3, options, stride: 2, padding: 1), new Relu(), new Flatten(channelsFirst), new Linear(72, 10, options));

    private static SafetensorsFile Open(string model) => SafetensorsFile.Open(
        Path.Combine(AppContext.BaseDirectory, "PyTorch", model + ".safetensors"));

    private static Tensor Images(SafetensorsFile file)
    {
        Shape shape = [.. file.Find("check.input").Extents.Select(extent => (int)extent)];
        return Tensor.From(file.Read<float>("check.input"), shape).Permute(0, 2, 3, 1);
    }
}
