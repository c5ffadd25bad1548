using Engine.Models.Comparison;
using Engine.Models.Metrics;

namespace Engine.Tests.Comparison;

public sealed class ContestantTests : IsolatedTests
{
    public static TheoryData<string> Names => new(Contestants.Names);

    [Theory, MemberData(nameof(Names))]
    public void It_trains_draws_images_and_has_the_likelihood_that_it_says(string name)
    {
        ImageDataset data = Datasets.Load("digits", new DataOptions { Count = 8, Seed = 1 });
        float[] images = Array.ConvertAll(data.Pixels.ToArray(), level => level / 255f);
        using Contestant model = Contestants.Make(name, 2, new ModuleOptions(new RandomStream(1), Cpu));
        double first = model.Step(images, 8);
        for (int i = 0; i < 4; i++) Assert.True(double.IsFinite(model.Step(images, 8)));
        Assert.True(double.IsFinite(first));
        Assert.True(model.ImagesPerSecond > 0);

        float[] samples = model.Sample(2, new RandomStream(2));
        Assert.Equal(2 * 28 * 28, samples.Length);
        Assert.All(samples, x => Assert.InRange(x, -1, 1));
        Assert.Equal(samples, model.Sample(2, new RandomStream(2)));

        double? bits = name == "diffusion" ? 1 : model.BitsPerDimension(data, new RandomStream(3));
        Assert.Equal(model.LikelihoodKind == "none", bits is null);
        Assert.True(bits is null or > 0 and < 20, $"{bits} bits/dim");
        Assert.All(model.Signs(data), sign => Assert.NotEmpty(sign));
    }

    [Fact]
    public void Models_of_a_width_have_like_numbers_of_parameters()
    {
        foreach (string name in Contestants.Names)
        {
            using Contestant model = Contestants.Make(name, 16, new ModuleOptions(new RandomStream(1), Cpu));
            Assert.InRange(model.ParameterCount, 300_000, 550_000);
        }
    }

    [Theory, Values(1, 12, 17)]
    public void Any_width_will_do(int width)
    {
        foreach (string name in Contestants.Names) Contestants.Make(name, width, new ModuleOptions(new RandomStream(1), Cpu)).Dispose();
    }

    [Fact]
    public void A_family_that_does_not_exist_is_refused_with_those_that_do() =>
        Refused("no family 'rbm': expected one of vae, gan, wgan-gp, autoregressive, flow, diffusion",
            () => Contestants.Make("rbm", 16, ModuleOptions.FromSeed(1, Cpu)));

    [Fact]
    public void The_table_says_what_is_a_bound_and_what_was_not_measured()
    {
        SampleQuality quality = new(12.34, 0.071, 0.912, 0.02, 0.01, 0);
        ComparisonTable table = new(
            [
                new("VAE", 432_802, 4060, 25_256, "bound", 1.234, quality, []),
                new("GAN", 399_570, 331, 0, "none", null, null, ["the discriminator has won"]),
                new("autoregressive", 329_088, 18, 5.25, "exact", 0.9, quality, []),
            ],
            quality);
        string[] lines = table.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("| VAE | 432,802 | 4,060 | 25,256 | <= 1.23 | 12.3 | 7.1 % | 0.91 | none |", lines[2]);
        Assert.Equal("| GAN | 399,570 | 331 | - | - | - | - | - | the discriminator has won |", lines[3]);
        Assert.Equal("| autoregressive | 329,088 | 18 | 5.3 | 0.90 | 12.3 | 7.1 % | 0.91 | none |", lines[4]);
        Assert.Equal("| images of the data |  |  |  |  | 12.3 | 7.1 % | 0.91 |  |", lines[5]);
    }
}
