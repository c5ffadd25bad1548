using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

public sealed class GanOptionsTests : IsolatedTests
{
    private static readonly float[] s_points = [.. Enumerable.Range(0, 16).Select(i => (float)Math.Sin(i))];

    private static readonly Dictionary<string, GanOptions> s_options = new()
    {
        ["WGAN"] = new()
        {
            Objective = new WassersteinObjective(), Constraints = [new WeightClipping(0.05)], DiscriminatorSteps = 2,
            GeneratorOptimizer = parameters => new RmsProp(parameters, 1e-3),
            DiscriminatorOptimizer = parameters => new RmsProp(parameters, 1e-3),
        },
        ["WGAN-GP"] = new()
        {
            Objective = new WassersteinObjective(), Regularizers = [new GradientPenalty(0.1)], Beta1 = 0, AverageDecay = 0.9,
        },
        ["R3GAN"] = new() { Objective = new RelativisticObjective(), Regularizers = [new R1Regularizer(0.2), new R2Regularizer(0.2)] },
        ["PacGAN"] = new() { Packing = 2, Regularizers = [new R1Regularizer(0.1)], GeneratorRegularizers = [new OrthogonalRegularizer()] },
        ["features"] = new() { Objective = new FeatureMatching(new NonSaturatingObjective()), DiscriminatorLearningRate = 4e-4 },
    };

    public static TheoryData<string> Names => [.. s_options.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Every_kind_trains_without_keeping_memory(string name)
    {
        GanOptions training = s_options[name];
        using Gan gan = Small(training);
        float[] generator = gan.Generator.Parameters[0].ToArray(), discriminator = gan.Discriminator.Parameters[0].ToArray();
        gan.Step(s_points, [8, 2]);
        gan.Step(s_points, [8, 2]);
        long before = Cpu.MemoryInUse;
        for (int i = 0; i < 4; i++)
        {
            GanLosses losses = gan.Step(s_points, [8, 2]);
            Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.GeneratorStep ?? 0));
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.NotEqual(generator, gan.Generator.Parameters[0].ToArray());
        Assert.NotEqual(discriminator, gan.Discriminator.Parameters[0].ToArray());
        if (training.Constraints.Count > 0)
            Assert.All(gan.Discriminator.Parameters.SelectMany(p => p.ToArray()), w => Assert.InRange(w, -0.05f, 0.05f));
    }

    [Fact]
    public void The_generator_makes_a_step_after_so_many_of_the_discriminator()
    {
        using Gan gan = Small(new GanOptions { DiscriminatorSteps = 3 });
        for (int step = 1; step <= 7; step++)
        {
            float[] before = gan.Generator.Parameters[0].ToArray();
            GanLosses losses = gan.Step(s_points, [8, 2]);
            Assert.Equal(step % 3 == 0, losses.GeneratorStep is not null);
            Assert.Equal(step % 3 == 0 ? ["d_loss", "g_loss"] : ["d_loss"], losses.Named().Select(loss => loss.Name));
            if (step % 3 == 0) Assert.NotEqual(before, gan.Generator.Parameters[0].ToArray());
            else Assert.Equal(before, gan.Generator.Parameters[0].ToArray());
            if (step == 1) Refusal.Refused<InvalidOperationException>("one of the discriminator alone", () => _ = losses.Generator);
        }

        Assert.Equal(7, gan.DiscriminatorOptimizer.Steps);
        Assert.Equal(2, gan.GeneratorOptimizer.Steps);
    }

    [Fact]
    public void Samples_come_from_the_average_of_the_weights()
    {
        using Gan gan = Small(new GanOptions { AverageDecay = 0.99, LearningRate = 1e-2 });
        using Tensor noise = gan.Noise(3);
        float[] first = gan.Sample(noise);
        for (int i = 0; i < 5; i++) gan.Step(s_points, [8, 2]);
        float[] averaged = gan.Sample(noise), weights = gan.Generator.Parameters[0].ToArray();
        using (gan.UseAverage()) Assert.NotEqual(weights, gan.Generator.Parameters[0].ToArray());
        Assert.Equal(weights, gan.Generator.Parameters[0].ToArray());
        float[] plain;
        using (Tape tape = new(Cpu, record: false)) plain = gan.Generator.Forward(noise).ToArray();

        // The average lags behind: it is nearer to the beginning.
        Assert.NotEqual(first, averaged);
        Assert.True(first.Zip(averaged, (a, b) => Math.Abs(a - b)).Sum() < 0.5 * first.Zip(plain, (a, b) => Math.Abs(a - b)).Sum());
    }

    [Fact]
    public void Rates_and_optimizers_are_each_networks_own()
    {
        using Gan two = Small(new GanOptions { LearningRate = 1e-4, DiscriminatorLearningRate = 4e-4 });
        Assert.Equal((1e-4, 4e-4), (two.GeneratorOptimizer.LearningRate, two.DiscriminatorOptimizer.LearningRate));
        using Gan one = Small(new GanOptions { LearningRate = 1e-3 });
        Assert.Equal((1e-3, 1e-3), (one.GeneratorOptimizer.LearningRate, one.DiscriminatorOptimizer.LearningRate));
        using Gan own = Small(new GanOptions { DiscriminatorOptimizer = parameters => new Sgd(parameters, 0.1) });
        Assert.IsType<Sgd>(own.DiscriminatorOptimizer);
        Assert.IsType<Adam>(own.GeneratorOptimizer);
        Refusal.RefusedWith("DiscriminatorOptimizer: expected an optimizer of the network's parameters, found one of",
            () => Small(new GanOptions { DiscriminatorOptimizer = _ => new Sgd(own.Generator.Parameters, 0.1) }));
    }

    [Theory, Values("concatenation", "projection", "classifier")]
    public void Conditional_networks_train_and_sample_by_class(string kind)
    {
        ModuleOptions options = ModuleOptions.FromSeed(5, Cpu);
        LabelConcatenation generator = new(new Sequential(new Linear(7, 8, options), new Relu(), new Linear(8, 2, options)), 3);
        Sequential body = new(new Linear(2, 8, options), new Relu());
        Module discriminator = kind switch
        {
            "concatenation" => new LabelConcatenation(new Sequential(new Linear(5, 8, options), new Relu(), new Linear(8, 1, options)), 3),
            "projection" => new ProjectionDiscriminator(body, 8, 3, options, layer => new SpectralNorm(layer, options.Random)),
            _ => new ClassifyingDiscriminator(body, 8, 3, options),
        };
        GanOptions training = new()
        {
            Objective = kind == "classifier" ? new AuxiliaryClassifierObjective(new HingeObjective()) : new HingeObjective(),
            Regularizers = [new R1Regularizer(0.1), new GradientPenalty(0.1)],
        };
        using Gan gan = new(generator, discriminator, latent: 4, options, training);
        int[] labels = [0, 1, 2, 0, 1, 2, 0, 1];
        for (int i = 0; i < 3; i++)
        {
            GanLosses losses = gan.Step(s_points, [8, 2], labels);
            Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.Generator));
        }

        using Tensor noise = gan.Noise(2);
        Assert.NotEqual(gan.Sample(noise, [0, 0]), gan.Sample(noise, [1, 1]));
        Refusal.RefusedWith("Gan: expected labels for the generator LabelConcatenation, found none", () => gan.Sample(2));
        Refusal.RefusedWith("Gan.Sample: expected a label for each sample of noise [2, 4]", () => gan.Sample(noise, [1]));
        Refusal.RefusedWith("Gan.Step: expected a label for each of 8 samples, or none, found 2", () => gan.Step(s_points, [8, 2], [1, 2]));
        Refusal.RefusedWith("Gan.Step: expected labels of at least 0, found -1 for sample 7",
            () => gan.Step(s_points, [8, 2], [0, 1, 2, 0, 1, 2, 0, -1]));
        using Tape tape = new(Cpu);
        Refusal.Refused<InvalidOperationException>("LabelConcatenation: expected an input and a condition",
            () => generator.Forward(Tensor.Ones([2, 4])));
        Refusal.RefusedWith("LabelConcatenation: expected samples [samples, ...] and labels of Int32 [samples], found [2, 4] and Int32 [1]",
            () => generator.Forward(Tensor.Ones([2, 4]), Tensor.From([1], [1])));
    }

    [Fact]
    public void Labels_are_channels_of_every_pixel()
    {
        using Tape tape = new(Cpu);
        using LabelConcatenation network = new(new Flatten(), 2);
        Tensor y = network.Forward(Tensor.From([5f, 6, 7, 8], [2, 1, 2, 1]), Tensor.From([1, 0], [2]));
        Assert.Equal([5f, 0, 1, 6, 0, 1, 7, 1, 0, 8, 1, 0], y.ToArray());
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused()
    {
        using Gan gan = Small(new GanOptions());
        Refusal.RefusedWith("Gan.Step: expected the elements of samples [samples, ...], found shape [8, 3] and 16 elements",
            () => gan.Step(s_points, [8, 3]));
        Refusal.RefusedWith("Gan.Step: expected real samples of the shape that the generator makes, [4, 2], found [4, 4]",
            () => gan.Step(s_points, [4, 4]));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("DiscriminatorSteps: expected at least 1",
            () => _ = new GanOptions { DiscriminatorSteps = 0 });
        Refusal.RefusedWith<ArgumentOutOfRangeException>("AverageDecay: expected a decay in [0, 1), found 1",
            () => _ = new GanOptions { AverageDecay = 1 });
    }

    private Gan Small(GanOptions training)
    {
        ModuleOptions options = ModuleOptions.FromSeed(5, Cpu);
        Sequential generator = new(new Linear(4, 8, options), new Relu(), new Linear(8, 2, options));
        Sequential discriminator = new(new Linear(2 * training.Packing, 8, options), new LeakyRelu(0.2), new Linear(8, 1, options));
        return new Gan(generator, discriminator, latent: 4, options, training);
    }
}
