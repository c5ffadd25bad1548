using Engine.Models.Flow;

namespace Engine.Tests.Flow;

public sealed class ImageFlowTests
{
    private static readonly CpuDevice s_device = new(1);

    [Theory, Values(false, true)]
    public void A_uniform_density_has_eight_bits_for_each_pixel(bool variational)
    {
        // Logistic latents behind a logit are uniform pixels; noise that begins as the identity is uniform.
        NormalizingFlow flow = new(
            new Composition(new LogitTransform(1e-6), new DiagonalScaling(1, Options())), BaseDistribution.Logistic, [4, 4, 1]);
        using ImageFlow model = new(
            flow, variational ? new MaskedImageCoupling(new GatedConvolutions(2, 2, 2, 1, Options()), 4, 4, 1, true, Options()) : null);
        byte[] images = [.. Enumerable.Range(0, 32).Select(i => (byte)(8 * i))];
        Assert.Equal(8, model.BitsOf(images, 1, new RandomStream(1)), 1e-3);
        Assert.Equal(8, model.BitsOf(images, 3, new RandomStream(1)), 1e-3);
        using Tape tape = new(s_device, record: false);
        Assert.Equal(8, model.Loss(Tensor.Full([2, 4, 4, 1], 77), new RandomStream(1)).Item(), 1e-3);
    }

    [Fact]
    public void Bits_for_each_dimension_of_known_likelihoods()
    {
        // Pixels drawn from k of 256 levels: log2 k bits.
        Assert.Equal(3, BitsPerDimension.OfLogLikelihood(-784 * Math.Log(8), 784), 12);

        // A density of [0, 1] that is uniform, and the published 1980.50 nats of NICE on MNIST.
        Assert.Equal(8, BitsPerDimension.OfLogDensity(0, 784), 12);
        Assert.Equal(4.356, BitsPerDimension.OfLogDensity(1980.50, 784), 1e-3);
    }

    [Fact]
    public void More_samples_of_the_noise_give_a_higher_bound()
    {
        using ImageFlow model = Moved(ImageFlows.RealNvp(8, (2, 1), (4, 4), 1, variational: true, Options()));
        byte[] images = Images(6);
        double one = model.LogLikelihood(images, 1, new RandomStream(1)).Average(),
            many = model.LogLikelihood(images, 64, new RandomStream(1)).Average();
        Assert.InRange(many, one, double.PositiveInfinity);
    }

    [Fact]
    public void Variational_noise_lies_in_the_unit_interval_with_the_density_it_says()
    {
        // Pixels are uniform here, so that log P(x) is 0 for every image and the bound is the mean of -log q(u | x), which is at most 0;
        // its exponential has mean 1.
        NormalizingFlow flow = new(
            new Composition(new LogitTransform(1e-6), new DiagonalScaling(1, Options())), BaseDistribution.Logistic, [2, 2, 1]);
        using ImageFlow model = Moved(
            new ImageFlow(flow, new MaskedImageCoupling(new GatedConvolutions(2, 2, 2, 1, Options()), 2, 2, 1, true, Options())),
            only: "noise");
        byte[] image = [10, 200, 90, 0];
        double likelihood = model.LogLikelihood([.. Enumerable.Repeat(image, 250).SelectMany(i => i)], 40, new RandomStream(3))
            .Average(log => Math.Exp(log + (4 * Math.Log(256))));
        Assert.Equal(1, likelihood, 0.1);
    }

    [Theory, Values("nice", "realnvp", "checkerboards", "glow")]
    public void Decoding_the_latents_of_images_gives_the_images(string name)
    {
        using ImageFlow model = Moved(name switch
        {
            "nice" => ImageFlows.Nice(8, 2, 16, 1, Options()),
            "glow" => ImageFlows.Glow(8, 2, 6, variational: false, Options()),
            "checkerboards" => ImageFlows.Checkerboards(8, 2, 4, 1, variational: false, Options()),
            _ => ImageFlows.RealNvp(8, (2, 2), (4, 4), 1, variational: false, Options()),
        });
        byte[] images = Images(5);
        using Tape tape = new(s_device, record: false);
        Tensor levels = Tensor.From([.. images.Select(v => (float)v)], [5, 8, 8, 1]);
        float[] decoded = model.Decode(model.Forward(levels));
        Assert.Equal(images, decoded.Select(v => (byte)Math.Round(255 * v)));
        Assert.Equal(3 * 64, model.Decode(
            model.Flow.Latents.Sample(new Shape([3, .. model.Flow.LatentShape.ToArray()]), new RandomStream(1))).Length);
    }

    [Fact]
    public void Images_that_are_no_whole_number_of_images_are_refused_with_a_sentence()
    {
        using ImageFlow model = ImageFlows.Nice(8, 1, 4, 1, Options());
        Refused("images of 64 values each, found 65", () => model.LogLikelihood(new byte[65], 1, new RandomStream(1)));
        Refused("at least one image", () => model.BitsOf([], 1, new RandomStream(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.LogLikelihood(new byte[64], 1, new RandomStream(1), batch: 0));
    }

    [Theory]
    [InlineData("nice", true)]
    [InlineData("glow", true)]
    [InlineData("realnvp", false)]
    public void A_flow_says_whether_data_decide_where_it_begins(string name, bool expected)
    {
        using ImageFlow model = name switch
        {
            "nice" => ImageFlows.Nice(8, 1, 4, 1, Options()),
            "glow" => ImageFlows.Glow(8, 1, 4, variational: true, Options()),
            _ => ImageFlows.RealNvp(8, (1, 1), (4, 4), 1, variational: true, Options()),
        };
        Assert.Equal(expected, model.Flow.Transform.HasDataDependentInitialization);
    }

    [Fact]
    public void A_flow_begins_where_its_data_initialise_it()
    {
        using ImageFlow model = ImageFlows.Glow(8, 2, 6, variational: false, Options());
        using Tape tape = new(s_device);
        Tensor levels = Tensor.From([.. Images(60).Select(v => (float)v)], [60, 8, 8, 1]);
        model.Initialize(levels, new RandomStream(3));
        Tensor z = model.Forward(levels);
        Assert.Equal(1, z.Variance().Item(), 0.2);
        Assert.Equal(0, z.Mean().Item(), 0.1);
    }

    private static byte[] Images(int count)
    {
        Random random = new(2);
        return [.. Enumerable.Range(0, count * 64).Select(_ => (byte)random.Next(256))];
    }

    private static ModuleOptions Options() => ModuleOptions.FromSeed(5, s_device);

    private static ImageFlow Moved(ImageFlow model, string only = "")
    {
        SmallFlows.Disturb(
            from named in model.NamedParameters()
            where named.Name.StartsWith(only, StringComparison.Ordinal)
            select named.Parameter, 0.1, seed: 1);

        return model;
    }
}
