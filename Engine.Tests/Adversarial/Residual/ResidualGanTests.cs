using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Adversarial.Residual;

namespace Engine.Tests.Adversarial.Residual;

/// <summary>The residual networks as a whole: sizes, chunks of the noise, training, penalties, truncation, standing statistics.</summary>
public sealed class ResidualGanTests : IsolatedTests
{
    private static readonly int[] s_labels = [1, 0, 2];

    private static readonly ResidualGanSize s_tiny = new() { Classes = 3, Side = 8, Width = 2, Chunk = 2, Embedding = 3 };

    private ModuleOptions Options => ModuleOptions.FromSeed(3, Cpu);

    [Theory, Rows("28 2 7 60, 32 3 4 80, 8 1 4 40, 24 2 6 60, 64 4 4 100, 10 1 5 40")]
    public void A_side_says_how_many_blocks_there_are(int side, int levels, int seed, int latent)
    {
        ResidualGanSize size = new() { Side = side };
        Assert.Equal((levels, seed, latent), (size.Levels, size.Seed, size.Latent));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        foreach (int side in (int[])[-8, 0, 4, 7, 9, 30, 36])
            Refuses("Side: expected 4 to 7 times 2, 4, 8 and so on", () => new() { Side = side });
        Refuses("Classes: expected at least 1, found 0", () => new() { Classes = 0 });
        Refuses("Channels: expected at least 1", () => new() { Channels = 0 });
        Refuses("Width: expected at least 1", () => new() { Width = 0 });
        Refuses("Chunk: expected at least 1", () => new() { Chunk = 0 });
        Refuses("Embedding: expected at least 1", () => new() { Embedding = -1 });

        static void Refuses(string start, Func<ResidualGanSize> make) =>
            Refusal.RefusedWith<ArgumentOutOfRangeException>(start, () => make());
    }

    [Theory, Rows("28 1 true, 32 3 true, 8 2 false")]
    public void Images_have_the_side_and_every_parameter_a_gradient(int side, int channels, bool attention)
    {
        ResidualGanSize size = new() {
            Classes = 3, Side = side, Channels = channels, Width = 2, Chunk = 2, Embedding = 3, HasAttention = attention };
        using ResidualGenerator generator = new(Options, size);
        using Module discriminator = ResidualDiscriminator.Of(Options, size);
        foreach ((string name, Parameter parameter) in generator.NamedParameters().Concat(discriminator.NamedParameters()))
            if (name.EndsWith("gamma", StringComparison.Ordinal)) parameter.Storage.CopyFrom<float>([1]);
        using Tape tape = new(Cpu);
        Tensor noise = Tensor.Normal([3, size.Latent], new(1)), labels = Tensor.From(s_labels, [3]);
        Tensor images = generator.Forward(noise, labels);
        Assert.Equal(new Shape(3, side, side, channels), images.Shape);
        Tensor scores = ((ConditionalModule)discriminator).Forward(images, labels);
        Assert.Equal(new Shape(3, 1), scores.Shape);
        (string Name, Parameter Parameter)[] all = [.. generator.NamedParameters(), .. discriminator.NamedParameters()];
        Tensor[] gradients = tape.Gradients(scores.Square().Sum(), [.. all.Select(named => named.Parameter)]);
        foreach (((string name, _), Tensor gradient) in all.Zip(gradients)) Assert.True(gradient.Square().Sum().Item() > 0, name);
        Assert.Equal(attention ? 2 : 0, all.Count(named => named.Name.EndsWith("gamma", StringComparison.Ordinal)));
    }

    [Fact]
    public void Each_chunk_of_the_noise_enters_at_its_block()
    {
        using ResidualGenerator generator = new(Options, s_tiny);
        generator.Eval();
        using Tape tape = new(Cpu);
        Tensor noise = Tensor.Normal([3, 4], new(1)), labels = Tensor.From(s_labels, [3]);
        float[] images = generator.Forward(noise, labels).ToArray();
        foreach (int element in (int[])[0, 3])
        {
            float[] moved = noise.ToArray();
            moved[element] += 1;
            float[] drawn = generator.Forward(Tensor.From(moved, [3, 4]), labels).ToArray();
            Assert.NotEqual(images[..64], drawn[..64]);
            Assert.Equal(images[64..], drawn[64..]);
        }

        // The embedding is one for all blocks: of weights of classes, its weighted mean.
        Tensor hard = Tensor.From([0f, 1, 0, 1, 0, 0, 0, 0, 1], [3, 3]);
        Assert.Equal(images, generator.Forward(noise, hard).ToArray());
        Assert.Single(generator.Parameters, parameter => parameter.Shape == new Shape(3, 3));
        Refusal.RefusedWith("ResidualGenerator: expected noise [samples, 4], found [3, 5]",
            () => generator.Forward(Tensor.Ones([3, 5]), labels));
        Refusal.RefusedWith("ResidualGenerator: expected samples [samples, ...] and labels of Int32 [samples], found [3, 4]",
            () => generator.Forward(noise, Tensor.From([1], [1])));
    }

    [Theory, MemberData(nameof(ConditionalTests.Conditions), MemberType = typeof(ConditionalTests))]
    public void Networks_of_every_condition_train(ClassCondition condition)
    {
        ModuleOptions options = Options;
        ResidualGenerator generator = new(options, s_tiny, Spectral);
        Module discriminator = ResidualDiscriminator.Of(options, s_tiny, condition, Spectral);
        GanOptions training = new()
        {
            Objective = ConditionalDcgan.Objective(condition, new HingeObjective()), AverageDecay = 0.5,
            GeneratorRegularizers = [new OrthogonalRegularizer()],
        };
        using Gan gan = new(generator, discriminator, s_tiny.Latent, options, training);
        float[] real = [.. Enumerable.Range(0, 3 * 64).Select(i => (float)Math.Sin(i))], before = generator.Embedding.ToArray();
        for (int step = 0; step < 2; step++)
        {
            GanLosses losses = gan.Step(real, [3, 8, 8, 1], s_labels);
            Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.Generator));
        }

        Assert.NotEqual(before, generator.Embedding.ToArray());

        Module Spectral(Module layer) => new SpectralNorm(layer, options.Random);
    }

    [Theory, Values(true, false)]
    public void A_gradient_penalty_goes_through_the_discriminator(bool spectral)
    {
        ModuleOptions options = Options with { DType = DType.Float64 };
        using Module network = ResidualDiscriminator.Of(
            options, s_tiny with { Width = 1 }, around: spectral ? layer => new SpectralNorm(layer, options.Random) : null);
        ResidualBlockTests.Random(network);
        network.Eval();
        using Tensor real = Tensor.Normal([3, 8, 8, 1], new(1), dtype: DType.Float64, device: Cpu);
        using Tensor labels = Tensor.From(s_labels, [3], Cpu);
        Differences.AlongDirections(
            network, () => new GradientPenalty().Penalty(new Discriminator(network, new(7)), real, -real, labels), 1e-5);
    }

    [Theory, Values(2.0, 1.0, 0.5, 0.04)]
    public void Truncated_noise_has_the_variance_of_the_formula(double threshold)
    {
        const int Count = 20_000;
        using Gan gan = Small(new Linear(2, 1, Options), Options);
        using Tensor noise = gan.Noise(Count / 2, threshold);
        double[] z = noise.ToDoubles();

        // Phi(t) - Phi(-t) by Simpson's rule, and 1 - 2 t phi(t) / (Phi(t) - Phi(-t))
        const int Intervals = 100;
        double step = 2 * threshold / Intervals, inside = step / 3 * Enumerable.Range(0, Intervals + 1).Sum(
            i => Density(-threshold + (i * step)) * (i is 0 or Intervals ? 1 : i % 2 == 1 ? 4 : 2));
        double variance = 1 - (2 * threshold * Density(threshold) / inside), deviation = Math.Sqrt(variance);
        Assert.All(z, x => Assert.InRange(Math.Abs(x), 0, threshold + 1e-8));
        Assert.Equal(0, z.Average(), 4 * deviation / Math.Sqrt(Count));
        Assert.Equal(variance, z.Average(x => x * x), 0.03 * variance);
        Assert.True(z.Max() > 0.95 * threshold && z.Min() < -0.95 * threshold);

        using Gan again = Small(new Linear(2, 1, Options), Options);
        using Tensor same = again.Noise(Count / 2, threshold), next = again.Noise(Count / 2, threshold);
        Assert.Equal(z, same.ToDoubles());
        Assert.NotEqual(z, next.ToDoubles());
        foreach (double none in (double[])[0, -1, double.NaN]) Refusal.RefusedWith<ArgumentOutOfRangeException>(
            "Noise: expected a truncation above 0", () => gan.Noise(2, none));

        static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }

    [Fact]
    public void Standing_statistics_are_those_of_the_average_weights()
    {
        const int Passes = 3, Count = 5;
        ModuleOptions options = Options;
        BatchNorm norm = new(1, options, momentum: 0.25);
        Linear layer = new(2, 1, options, bias: false, Initializers.Ones);
        SpectralNorm spectral = new(new Linear(1, 1, options), options.Random);
        using Gan gan = Small(new Sequential(layer, norm, spectral), options, 0.5);
        // The average stays at ones, the weights themselves move. It is of a step that changes nothing, else it would begin with them.
        foreach (Optimizer optimizer in new[] { gan.GeneratorOptimizer, gan.DiscriminatorOptimizer }) optimizer.LearningRate = 1e-30;
        gan.Step(new float[Count], [Count, 1]);
        float[] u = spectral.V.ToArray();
        layer.Weight.Storage.CopyFrom<float>([4, -3]);
        RandomStreamState state = options.Random.State;
        gan.GatherStatistics(Passes, Count);
        (double mean, double variance) = (norm.RunningMean.ToDoubles()[0], norm.RunningVariance.ToDoubles()[0]);
        options.Random.State = state;
        (double Mean, double Variance)[] each = [.. Enumerable.Range(0, Passes).Select(_ =>
        {
            using Tensor noise = gan.Noise(Count);
            double[] z = noise.ToDoubles(), sums = [.. Enumerable.Range(0, Count).Select(i => z[2 * i] + z[(2 * i) + 1])];
            return (sums.Average(), sums.Sum(s => Math.Pow(s - sums.Average(), 2)) / (Count - 1));
        })];
        Assert.Equal(each.Average(one => one.Mean), mean, 1e-6);
        Assert.Equal(each.Average(one => one.Variance), variance, 1e-5);
        Assert.Equal((0.25, true, true), (norm.Momentum, norm.IsTraining, layer.IsTraining));
        Assert.Equal(u, spectral.V.ToArray());
        Assert.Equal([4f, -3], layer.Weight.ToArray());

        gan.GatherStatistics(1, 2000, truncation: 0.04);
        Assert.InRange(norm.RunningVariance.ToDoubles()[0], 0.001, 0.0012);
        Refusal.RefusedWith<ArgumentOutOfRangeException>("StandingStatistics: expected at least 1 pass, found 0",
            () => gan.GatherStatistics(0, 2));
        Refusal.RefusedWith("Gan.GatherStatistics: expected a label for each of 2 samples, or none, found 1",
            () => gan.GatherStatistics(1, 2, [0]));
        Assert.Throws<OperationCanceledException>(() => gan.GatherStatistics(1, 2, cancellation: new(true)));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("BatchNorm: the momentum must be in [0, 1], found 2", () => norm.Momentum = 2);
    }

    private static Gan Small(Module generator, ModuleOptions options, double? decay = null) =>
        new(generator, new Linear(1, 1, options), latent: 2, options, new GanOptions { AverageDecay = decay });
}
