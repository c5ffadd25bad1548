using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

public sealed class GanTests() : IsolatedTests(threads: 2)
{
    private const int Pixels = 28 * 28;

    private static readonly GanOptions s_training = new() { Objective = new NonSaturatingObjective { FromProbabilities = true } };

    [Fact]
    public void The_same_seed_gives_the_same_bits_with_one_and_with_two_threads()
    {
        int[] one = TrainedBits(threads: 1);
        Assert.Equal(one, TrainedBits(threads: 2));
        Assert.Equal(one, TrainedBits(threads: 2));
    }

    [Fact]
    public void A_generator_of_undecided_opponents_starts_at_the_known_losses()
    {
        using Gan gan = Small(Cpu);
        GanLosses losses = gan.Step(new float[16 * Pixels], [16, Pixels]);
        Assert.InRange(losses.Discriminator.Value, 1.2, 1.6);
        Assert.InRange(losses.Generator.Value, 0.55, 0.85);
    }

    [Fact]
    public void Sampling_changes_nothing_and_repeats()
    {
        using Gan gan = Small(Cpu);
        using Tensor noise = gan.Noise(5);
        float[] first = gan.Sample(noise);
        Assert.Equal(5 * Pixels, first.Length);
        Assert.All(first, x => Assert.InRange(x, -1, 1));
        Assert.Equal(first, gan.Sample(noise));
        Assert.True(gan.Generator.IsTraining);
    }

    [Fact]
    public void Sampling_leaves_a_generator_in_the_mode_it_was_in()
    {
        using CpuDevice device = new(1);
        using Gan gan = Small(device);
        using Tensor noise = gan.Noise(2);
        gan.Generator.Eval();
        gan.Sample(noise);
        Assert.False(gan.Generator.IsTraining);
    }

    [Fact]
    public void Networks_of_float64_train_and_sample_like_those_of_float32()
    {
        using CpuDevice device = new(1);
        using Gan single = Small(device), twice = Small(device, DType.Float64);
        GanLosses expected = single.Step(new float[16 * Pixels], [16, Pixels]), found = twice.Step(new float[16 * Pixels], [16, Pixels]);
        Assert.Equal(expected.Discriminator, found.Discriminator, 0.05);
        Assert.Equal(expected.Generator, found.Generator, 0.05);

        using Tensor noise = twice.Noise(3);
        Assert.Equal(DType.Float64, noise.DType);
        Assert.Equal(3 * Pixels, twice.Sample(noise).Length);
    }

    private static Gan Small(CpuDevice device, DType dtype = DType.Float32)
    {
        ModuleOptions options = ModuleOptions.FromSeed(7, device) with { DType = dtype };
        Sequential generator = new(new Linear(10, 64, options), new LeakyRelu(0.2), new Linear(64, Pixels, options), new Tanh());
        Sequential discriminator = new(
            new Linear(Pixels, 64, options), new LeakyRelu(0.2), new Dropout(0.3, options), new Linear(64, 1, options), new Sigmoid());
        return new Gan(generator, discriminator, latent: 10, options, s_training);
    }

    private static int[] TrainedBits(int threads)
    {
        using CpuDevice device = new(threads);
        using Gan gan = Small(device);
        BatchLoader loader = new(Digits.Draw(640, seed: 3), 32, new BatchOptions { Seed = 5, DropLast = true });
        int steps = 0;
        for (int epoch = 1; steps < 200; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                gan.Step(batch.Images, [batch.Count, Pixels]);
                if (++steps == 200) break;
            }
        }

        return [.. gan.Generator.Parameters.Concat(gan.Discriminator.Parameters).SelectMany(p => p.ToArray())
            .Select(BitConverter.SingleToInt32Bits)];
    }
}
