using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Classification;

namespace Engine.Tests.Adversarial;

/// <summary>Networks that are told a class: normalisation by class, the three kinds of discriminators, what lies between classes.</summary>
public sealed class ConditionalTests : IsolatedTests
{
    private static readonly int[] s_labels = [2, 0, 1, 2];

    private ModuleOptions Options => ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 };

    public static TheoryData<ClassCondition> Conditions => [.. Enum.GetValues<ClassCondition>()];

    [Fact]
    public void A_normalisation_has_scales_and_offsets_of_each_class()
    {
        const double Epsilon = 1e-5;
        using ConditionalBatchNorm norm = Random(new ConditionalBatchNorm(2, 3, Options, epsilon: Epsilon));
        using Tape tape = new(Cpu);
        Tensor input = Tensor.Normal([4, 3, 1, 2], new(1), dtype: DType.Float64);
        double[] x = input.ToDoubles(), gamma = norm.Weight.ToDoubles(), beta = norm.Bias.ToDoubles();
        double[] weights = [0.25, 0.75, 0, 1, 0, 0, 0, 0.5, 0.5, 0, 0, 1];
        double[] hard = norm.Forward(input, Tensor.From(s_labels, [4])).ToDoubles();
        double[] soft = norm.Forward(input, Tensor.From(weights, [4, 3])).ToDoubles();
        for (int c = 0; c < 2; c++)
        {
            double[] channel = [.. Enumerable.Range(0, 12).Select(i => x[(2 * i) + c])];
            double mean = channel.Average(), deviation = Math.Sqrt(channel.Average(v => (v - mean) * (v - mean)) + Epsilon);
            for (int i = 0; i < 12; i++)
            {
                int sample = i / 3, label = s_labels[sample];
                double z = (channel[i] - mean) / deviation;
                Assert.Equal((gamma[(2 * label) + c] * z) + beta[(2 * label) + c], hard[(2 * i) + c], 1e-12);
                double scale = Enumerable.Range(0, 3).Sum(k => weights[(3 * sample) + k] * gamma[(2 * k) + c]);
                double offset = Enumerable.Range(0, 3).Sum(k => weights[(3 * sample) + k] * beta[(2 * k) + c]);
                Assert.Equal((scale * z) + offset, soft[(2 * i) + c], 1e-12);
            }
        }

        Refusal.RefusedWith("ConditionalBatchNorm: expected samples [samples, ...] and labels of Int32 [samples], found [4, 3, 1, 2] and",
            () => norm.Forward(input, Tensor.From([1], [1])));
        Refusal.RefusedWith("ConditionalBatchNorm: expected samples [samples, ...] and weights of Float64 [samples, 3] of their classes",
            () => norm.Forward(input, Tensor.From([1.0, 0, 0, 0], [4, 1])));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("ConditionalBatchNorm: expected at least 1 class, found 0",
            () => _ = new ConditionalBatchNorm(2, 0, Options));
    }

    [Fact]
    public void In_evaluation_it_takes_the_running_statistics()
    {
        using ConditionalBatchNorm norm = Random(new ConditionalBatchNorm(1, 3, Options));
        norm.Eval();
        using Tape tape = new(Cpu);
        double[] found = norm.Forward(Tensor.From([2.0, -1], [2, 1]), Tensor.From([0, 2], [2])).ToDoubles();
        double[] gamma = norm.Weight.ToDoubles(), beta = norm.Bias.ToDoubles();
        double scale = Math.Sqrt(1 + 1e-5);
        Closeness.Near([(2 * gamma[0] / scale) + beta[0], (-gamma[2] / scale) + beta[2]], found, 1e-12);
    }

    [Fact]
    public void Its_gradients_are_those_of_differences()
    {
        using ConditionalSequential network = new(
            new Linear(2, 3, Options), Random(new ConditionalBatchNorm(3, 3, Options)), new Tanh(), new Linear(3, 1, Options));
        using Tensor x = Tensor.Normal([4, 2], new(1), dtype: DType.Float64, device: Cpu), labels = Tensor.From(s_labels, [4], Cpu);
        Differences.AlongDirections(network, () => network.Forward(x, labels).Square().Mean(), 1e-6);
        Assert.Equal(4, network.Layers.Count);
        Assert.Contains("1.norm.running_mean", network.NamedBuffers().Select(buffer => buffer.Name));
    }

    [Theory, MemberData(nameof(Conditions))]
    public void Images_of_every_kind_train_and_are_drawn_by_class(ClassCondition condition)
    {
        ModuleOptions options = ModuleOptions.FromSeed(5, Cpu);
        Module generator = condition == ClassCondition.Concatenation
            ? ConditionalDcgan.ConcatenatedGenerator(options, 10, latent: 3, width: 1)
            : ConditionalDcgan.NormalizedGenerator(options, 10, latent: 3, width: 1);
        Module discriminator = ConditionalDcgan.Discriminator(
            options, condition, 10, width: 1, layer => new SpectralNorm(layer, options.Random));
        GanOptions training = new() { Objective = ConditionalDcgan.Objective(condition, new HingeObjective()), LearningRate = 1e-2 };
        using Gan gan = new(generator, discriminator, latent: 3, options, training);
        foreach (Batch batch in new BatchLoader(Digits.Draw(16, seed: 1), 8).Epoch(0))
        {
            GanLosses losses = gan.Step(batch.Images, [batch.Count, 28, 28, 1], batch.Labels);
            Assert.True(double.IsFinite(losses.Discriminator) && double.IsFinite(losses.Generator));
        }

        // Between two classes lies what is neither; at the ends the classes themselves.
        using Tensor noise = gan.Noise(2);
        using Tensor ends = Tensor.From([.. Enumerable.Range(0, 20).Select(i => i is 3 or 14 ? 1f : 0)], [2, 10], Cpu);
        using Tensor between = Tensor.From([.. Enumerable.Range(0, 20).Select(i => i is 3 or 4 or 14 or 15 ? 0.5f : 0)], [2, 10], Cpu);
        using Tensor one = Tensor.From(new float[10], [1, 10], Cpu);
        float[] drawn = gan.Sample(noise, [3, 4]);
        Assert.Equal(2 * 28 * 28, drawn.Length);
        Assert.Equal(drawn, gan.Sample(noise, ends));
        Assert.NotEqual(drawn, gan.Sample(noise, between));
        Refusal.RefusedWith("Gan.Sample: expected a condition for each sample of noise [2, 3], found [1, 10]",
            () => gan.Sample(noise, one));
    }

    [Fact]
    public void An_unknown_condition_is_refused() => Refusal.RefusedWith<ArgumentOutOfRangeException>(
        "Discriminator: expected one of Concatenation, Projection, Classifier",
        () => ConditionalDcgan.Discriminator(Options, (ClassCondition)7, 10));

    [Fact]
    public void Agreement_counts_the_samples_of_the_class_that_was_asked_for()
    {
        ClassAgreement agreement = new(3);
        Assert.Equal((0, 0.0, 0), (agreement.Total, agreement.Share, agreement.Worst));
        agreement.Add([0.9f, 0.1f, 0, 0.2f, 0.3f, 0.5f], [0, 1]);
        agreement.Add([0.1f, 0.6f, 0.3f, 0.5f, 0.5f, 0], [1, 0]);
        Assert.Equal((4, 0.75, 1), (agreement.Total, agreement.Share, agreement.Worst));
        Assert.Equal([1, 0.5, 0], Enumerable.Range(0, 3).Select(agreement.ShareOf));
        Assert.Equal("75.00 % of 4 samples (0: 100.0 %  1: 50.0 %  2: 0.0 %)", agreement.ToString());
        Refusal.RefusedWith("Expected 3 probabilities for each of 1 samples, found 2", () => agreement.Add([0, 1], [1]));
        Refusal.RefusedWith("Expected classes from 0 to 2, found 3", () => agreement.Add([0, 1, 0], [3]));
    }

    private static T Random<T>(T module) where T : Module
    {
        Random random = new(1);
        foreach (Parameter parameter in module.Parameters)
            parameter.Storage.CopyFrom<double>([.. Enumerable.Range(0, parameter.Count).Select(_ => random.NextDouble() + 0.5)]);
        return module;
    }
}
