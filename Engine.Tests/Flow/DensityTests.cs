using Engine.Kernels.Flows;
using Engine.Models.Flow;

namespace Engine.Tests.Flow;

public sealed class DensityTests
{
    private static readonly CpuDevice s_device = new(1);

    [Theory, Values(true, false)]
    public void The_density_of_the_plane_integrates_to_1(bool splines)
    {
        using NormalizingFlow flow = Plane(splines, splines ? 0.05 : 0.3);
        Assert.Equal(1, new PlaneDensity(flow).Integral(8, 320), 0.01);
    }

    [Fact]
    public void Samples_are_distributed_by_the_density()
    {
        using NormalizingFlow flow = Plane(splines: true, 0.05);
        PlaneDensity plane = new(flow);
        float[] samples = plane.Sample(20_000, new RandomStream(2));

        // -E[log p] over samples is the entropy of the model, which a grid gives too.
        double bySamples = -plane.LogDensity(samples).Average();
        double[] grid = plane.LogDensity(
            [.. Enumerable.Range(0, 300 * 300).SelectMany(i => (float[])[(((i % 300) + 0.5f) / 15) - 10, (((i / 300) + 0.5f) / 15) - 10])]);
        double byGrid = -grid.Sum(log => log * Math.Exp(log)) / 225;
        Assert.Equal(byGrid, bySamples, 0.05);
    }

    [Fact]
    public void A_temperature_makes_latents_narrower()
    {
        using Tape tape = new(s_device);
        RandomStream random = new(3);
        Assert.Equal(0.49, BaseDistribution.Gaussian.Sample([100_000], random, 0.7).Variance().Item(), 0.01);
        Assert.Equal(Math.PI * Math.PI / 12, BaseDistribution.Logistic.Sample([100_000], random, 0.5).Variance().Item(), 0.02);
        Assert.Throws<ArgumentOutOfRangeException>(() => BaseDistribution.Gaussian.Sample([2], random, -1));
    }

    [Fact]
    public void Training_brings_the_likelihood_of_eight_gaussians_towards_their_entropy()
    {
        using NormalizingFlow flow = Plane(splines: true, 0);
        using Adam adam = new(flow.Parameters, 5e-3);
        ToyDensity density = ToyDensity.Of("8gaussians");
        RandomStream random = new(4);
        for (int i = 0; i < 150; i++)
        {
            float[] points = density.Sample(256, random);
            using Tape tape = new(s_device);
            Tensor loss = -flow.LogDensity(Tensor.From(points, [256, 2])).Mean();
            adam.Step(tape.Gradients(loss, flow.Parameters));
        }

        double likelihood = new PlaneDensity(flow).LogDensity(density.Sample(4000, random)).Average();
        Assert.InRange(-likelihood, density.Entropy!.Value - 0.05, density.Entropy.Value + 0.35);
    }

    [Fact]
    public void Eight_gaussians_and_the_checkerboard_have_the_entropies_they_say()
    {
        // log p of a mixture of eight normal distributions, averaged over its own points
        double deviation = 0.5 / 1.414, radius = 4 / 1.414;
        float[] points = ToyDensity.Of("8gaussians").Sample(100_000, new RandomStream(5));
        double sum = 0;
        for (int i = 0; i < points.Length; i += 2)
        {
            double density = 0;
            for (int k = 0; k < 8; k++)
            {
                double x = points[i] - (radius * Math.Cos(k * Math.PI / 4)), y = points[i + 1] - (radius * Math.Sin(k * Math.PI / 4));
                density += Math.Exp(-0.5 * ((x * x) + (y * y)) / (deviation * deviation)) / (8 * 2 * Math.PI * deviation * deviation);
            }

            sum -= Math.Log(density);
        }

        Assert.Equal(ToyDensity.Of("8gaussians").Entropy!.Value, sum / 100_000, 0.02);

        // Uniform on 8 of the 16 squares: an area of 32.
        float[] board = ToyDensity.Of("checkerboard").Sample(10_000, new RandomStream(6));
        int[] squares = new int[16];
        for (int i = 0; i < board.Length;
        i += 2) squares[((int)Math.Floor((board[i] + 4) / 2) * 4) + (int)Math.Floor((board[i + 1] + 4) / 2)]++;
        Assert.Equal(8, squares.Count(count => count == 0));
        Assert.All(squares, count => Assert.True(count == 0 || Math.Abs(count - 1250) < 150));
    }

    [Fact]
    public void Every_density_of_the_plane_lies_in_the_picture()
    {
        foreach (string name in ToyDensity.Names)
        {
            float[] points = ToyDensity.Of(name).Sample(2000, new RandomStream(1));
            Assert.True(points.Count(v => Math.Abs(v) <= 4.5) >= 0.99 * points.Length, name);
        }

        Refused("8gaussians", () => ToyDensity.Of("9gaussians"));
    }

    [Fact]
    public void The_picture_shows_data_density_and_samples_side_by_side()
    {
        using NormalizingFlow flow = Plane(splines: false, 0.5);
        PlaneDensity plane = new(flow);
        Picture picture = plane.Draw(ToyDensity.Of("moons").Sample(500, new RandomStream(1)), plane.Sample(500, new RandomStream(2)));
        Assert.Equal((800, 272), (picture.Width, picture.Height));
        Assert.True(picture.Pixels.ToArray().Distinct().Count() > 50);
    }

    [Theory]
    [InlineData("couplings", true)]
    [InlineData("maf", true)]
    [InlineData("maf", false)]
    [InlineData("iaf", false)]
    public void Every_flow_of_the_plane_has_a_density_that_adds_up_to_one_and_affine_ones_begin_as_the_identity(string name, bool splines)
    {
        using NormalizingFlow flow = PlaneFlows.Make(
            name, 3, 8, splines ? new SplineBijector(new SplineShape(8, 5)) : new AffineBijector(1), ModuleOptions.FromSeed(1, s_device));
        using (Tape tape = new(s_device, record: false))
            Assert.Equal(!splines, flow.Forward(Tensor.From([0.5f, -1, 2, 0.25f], [2, 2])).ToArray() is [0.5f, -1, 2, 0.25f]);
        SmallFlows.Disturb(flow.Parameters, 0.3, seed: 1);
        Assert.Equal(1, new PlaneDensity(flow).Integral(extent: 12, 300), 0.01);
    }

    [Fact]
    public void A_flow_of_the_plane_that_cannot_be_is_refused_with_a_sentence()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, s_device);
        Refused<DataException>("expected affine, found spline",
            () => PlaneFlows.Make("iaf", 1, 4, new SplineBijector(new SplineShape(4, 3)), options));
        Refused("expected one of couplings, maf, iaf", () => PlaneFlows.Make("naf", 1, 4, new AffineBijector(1), options));
    }

    private static NormalizingFlow Plane(bool splines, double noise)
    {
        ModuleOptions options = ModuleOptions.FromSeed(11, s_device);
        Bijector bijector = splines ? new SplineBijector(new SplineShape(8, 5)) : new AffineBijector(1);
        Module[] networks = [.. Enumerable.Range(0, 4).Select(_ => ImageFlows.Dense(1, 16, 1, bijector.Parameters, options))];
        NormalizingFlow flow = new(new CouplingChain(networks, bijector, Partition.Halves), BaseDistribution.Gaussian, [2]);
        SmallFlows.Disturb(flow.Parameters, noise, seed: 1);
        return flow;
    }
}
