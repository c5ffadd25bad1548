using Engine.Models.Diffusion;

namespace Engine.Tests.Diffusion;

public sealed class UnetTests : IsolatedTests
{
    private static readonly UnetOptions s_tiny =
        new() { Width = 4, Multipliers = [1, 2], Groups = 2, TimeFeatures = 6, TimeWidth = 5, Classes = 3 };

    public static TheoryData<UnetOptions> Sizes => new(
        s_tiny,
        s_tiny with { Channels = 3, LearnsVariance = true, Classes = 0 },
        s_tiny with { Multipliers = [1, 3, 2], Blocks = 2, AttentionLevels = [0, 2] },
        s_tiny with { Multipliers = [2], Dropout = 0.3 });

    [Theory, MemberData(nameof(Sizes))]
    public void The_output_has_the_size_of_the_images_whatever_the_options(UnetOptions size)
    {
        using Unet unet = new(size, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Tensor y = unet.Predict(Tensor.Normal([2, 4, 8, size.Channels], new RandomStream(1)), [3, 700], size.Classes > 0 ? [2, -1] : []);
        Assert.Equal(new Shape(2, 4, 8, size.Channels * (size.LearnsVariance ? 2 : 1)), y.Shape);
        Tensor[] gradients = tape.Gradients(y.Square().Sum(), unet.Parameters);
        foreach ((Parameter parameter, Tensor gradient) in unet.Parameters.Zip(gradients)) Assert.True(
            gradient.Square().Sum().Item() > 0, parameter.FullName);
    }

    [Fact]
    public void Steps_and_classes_may_be_tensors()
    {
        using Unet unet = new(s_tiny, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 4, 4, 1], new RandomStream(1)), steps = Tensor.From([3, 99], [2]);
        Assert.Equal(
            unet.Predict(x, [3, 99], [2, -1]).ToArray(), unet.Predict(x, steps, 100, Tensor.From([2, unet.Classes], [2])).ToArray());
        Assert.Equal(unet.Predict(x, [3, 99], []).ToArray(), unet.Predict(x, steps, 100).ToArray());
        RefusedWith(
            "Unet: expected steps [samples], and labels likewise or none for a network of 3 classes, found [2, 1] and none.",
            () => unet.Predict(x, steps.Reshape(2, 1), 100));
        RefusedWith("Unet: expected 2 labels, one for each image, or none; found 1.",
            () => unet.Predict(x, steps, 100, Tensor.From([1], [1])));
    }

    [Fact]
    public void Samples_and_the_bound_are_without_dropout()
    {
        using Unet unet = new(s_tiny with { Dropout = 0.5 }, ModuleOptions.FromSeed(2, Cpu));
        DenoisingDiffusion model = new(unet, NoiseSchedule.Cosine(3));
        Shape shape = [2, 4, 4, 1];
        float[] first = new DdimSampler(model, 3).Sample(shape, new RandomStream(1));
        Assert.Equal(first, new DdimSampler(model, 3).Sample(shape, new RandomStream(1)));
        Assert.Equal(model.Bound(first, shape, new RandomStream(2)).Total, model.Bound(first, shape, new RandomStream(2)).Total);
        Assert.True(unet.IsTraining);
    }

    [Fact]
    public void Gradients_of_the_parameters_are_those_of_central_differences()
    {
        using Unet unet = new(s_tiny with { LearnsVariance = true }, ModuleOptions.FromSeed(2, Cpu) with { DType = DType.Float64 });
        DenoisingDiffusion model = new(unet, NoiseSchedule.Cosine(50), Prediction.Velocity, ReverseVariance.Learned);
        Differences.AlongDirections(unet, Simple, 1e-7);

        // The bound does not push the mean, so that its gradient is none of a function: the simple loss alone is differentiated, and the
        // share beside it.
        Tensor Simple()
        {
            RandomStream stream = new(3);
            Tensor clean = Tensor.Normal([2, 4, 4, 1], stream, 0, 0.5, DType.Float64),
                noise = Tensor.Normal(clean.Shape, stream, dtype: DType.Float64);
            Tensor noisy = model.Process.AddNoise(clean, noise, [0, 30]);
            Denoised seen = model.Denoise(model.Process, noisy, [0, 30], [1, -1], clip: false);
            return model.BoundTerms(model.Process, clean, noisy, seen, [0, 30]).Mean() + seen.Clean.Square().Mean();
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        Assert.Equal(Run(1), Run(3));

        static float[] Run(int threads)
        {
            using CpuDevice device = new(threads);
            using Unet unet = new(new UnetOptions { Width = 16, Multipliers = [1, 2], AttentionLevels = [1] },
                ModuleOptions.FromSeed(1, device));
            DenoisingDiffusion model = new(unet, NoiseSchedule.Linear(100));
            using Tape tape = new(device);
            RandomStream random = new(2);
            Tensor loss = model.Losses(Tensor.Normal([5, 8, 8, 1], random), [], random).Loss;
            return [(float)loss.Item(), .. tape.Gradients(loss, unet.Parameters).SelectMany(gradient => gradient.ToArray())];
        }
    }

    [Theory]
    [InlineData(Prediction.Noise, ReverseVariance.Posterior)]
    [InlineData(Prediction.Clean, ReverseVariance.Beta)]
    [InlineData(Prediction.Velocity, ReverseVariance.Learned)]
    public void Training_lowers_the_loss_and_leaves_no_memory_behind(Prediction prediction, ReverseVariance variance)
    {
        UnetOptions size = new() {
            Width = 8, Multipliers = [1, 2], Groups = 4, TimeFeatures = 8, TimeWidth = 16,
            LearnsVariance = variance == ReverseVariance.Learned, Classes = 10 };
        using Unet unet = new(size, ModuleOptions.FromSeed(1, Cpu));
        using Adam adam = new(unet.Parameters, 3e-3);
        DenoisingDiffusion model = new(unet, NoiseSchedule.Cosine(100), prediction, variance);
        RandomStream random = new(4);
        BatchLoader batches = new(Digits.Draw(64, 1, "digits"), 32, new BatchOptions { Prefetch = 0 });
        List<double> losses = [];
        long before = Cpu.MemoryInUse;
        for (int epoch = 0; epoch < 15; epoch++)
        {
            foreach (Batch batch in batches.Epoch(epoch))
            {
                using Tape tape = new(Cpu);
                DiffusionLosses found = model.Losses(
                    Tensor.From(batch.Images, [batch.Count, 28, 28, 1]), batch.Labels, random, dropLabels: 0.2);
                adam.Step(tape.Gradients(found.Loss, unet.Parameters));
                losses.Add(found.Loss.Item());
                Assert.Equal(variance == ReverseVariance.Learned, found.Bound is not null);
            }
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        double first = losses.Take(5).Average(), last = losses.TakeLast(5).Average();
        Assert.True(last < 0.7 * first, $"{first} to {last}");
    }

    [Fact]
    public void Guidance_goes_from_the_prediction_without_class_through_that_with_it()
    {
        using Unet unet = new(s_tiny, ModuleOptions.FromSeed(1, Cpu));
        DenoisingDiffusion model = new(unet, NoiseSchedule.Cosine(50), Prediction.Clean);
        using Tape tape = new(Cpu, record: false);
        Tensor x = Tensor.Normal([2, 4, 4, 1], new RandomStream(1));
        float[] Clean(double guidance, int[] labels) =>
            model.Denoise(model.Process, x, [10, 20], labels, guidance, clip: false).Clean.ToArray();
        float[] without = unet.Predict(x, [10, 20], []).ToArray(), with = unet.Predict(x, [10, 20], [0, 2]).ToArray();
        Assert.NotEqual(with, without);
        Assert.Equal(without, Clean(0, [0, 2]));
        Assert.Equal(without, Clean(5, []));
        Assert.Equal(without, unet.Predict(x, [10, 20], [-1, -1]).ToArray());
        Assert.Equal(with, Clean(1, [0, 2]));
        float[] beyond = Clean(3, [0, 2]);
        for (int i = 0; i < with.Length; i++) Assert.Equal(without[i] + (3 * (with[i] - without[i])), beyond[i], 1e-4f);
    }

    [Fact]
    public void The_network_of_the_lesson_has_as_many_parameters_as_its_parts()
    {
        using Unet unet = new(new UnetOptions(), ModuleOptions.FromSeed(1, Cpu));
        Assert.Equal(1_840_449, unet.ParameterCount);
    }

    [Fact]
    public void Options_and_images_that_do_not_fit_are_named()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Named("Groups must divide the channels of every level: 3 groups do not divide 4 x 1", s_tiny with { Groups = 3 });
        Named("TimeFeatures must be even", s_tiny with { TimeFeatures = 5 });
        Named("Multipliers must name at least one level", s_tiny with { Multipliers = [] });
        Named("AttentionLevels must be levels from 0 to 1, found 2", s_tiny with { AttentionLevels = [2] });
        Named("Blocks must be at least 1, found 0", s_tiny with { Blocks = 0 });
        using Unet unet = new(s_tiny, options);
        using Tape tape = new(Cpu);
        Refused("multiples of 2", () => unet.Forward(Tensor.Zeros([1, 5, 4, 1])));
        Refused("expected 1 steps", () => unet.Predict(Tensor.Zeros([1, 4, 4, 1]), [1, 2], []));
        DenoisingDiffusion model = new(unet, NoiseSchedule.Linear(10));
        Refused("labels from 0 to 2", () => model.Losses(Tensor.Zeros([1, 4, 4, 1]), [3], new RandomStream(1)));

        void Named(string part, UnetOptions size) =>
            Assert.Contains(part, Assert.ThrowsAny<ArgumentException>(() => new Unet(size, options)).Message);
    }

    [Fact]
    public void A_time_is_told_by_sines_and_cosines_of_falling_frequency()
    {
        double[] found = TimeEmbedding.Sinusoids([0, 7], 4);
        Assert.Equal([0, 0, 1, 1, Math.Sin(7), Math.Sin(0.07), Math.Cos(7), Math.Cos(0.07)], found.Select(x => x), new Near());
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-12;

        public int GetHashCode(double obj) => 0;
    }
}
