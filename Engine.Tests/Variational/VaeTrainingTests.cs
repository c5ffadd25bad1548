namespace Engine.Tests.Variational;

public sealed class VaeTrainingTests
{
    [Fact]
    public void The_same_seed_gives_the_same_bits_with_one_and_with_two_threads()
    {
        float[] one = Trained(threads: 1, out _);
        Assert.Equal(one, Trained(threads: 2, out _));
    }

    [Fact]
    public void Training_raises_the_bound_and_leaves_no_memory_behind()
    {
        Trained(threads: 1, out (double First, double Last) loss, steps: 150);
        Assert.True(loss.Last < 0.8 * loss.First, $"{loss.First} to {loss.Last}");
    }

    [Fact]
    public void The_model_of_the_recipe_starts_near_the_entropy_of_independent_pixels()
    {
        using CpuDevice device = new(1);
        ImageDataset data = Digits.Draw(300, 1, "digits");
        using Vae vae = IwaeRecipe.Network(BinaryImages.MeanLogits(data), ModuleOptions.FromSeed(1, device), latent: 10);
        float[] images = BinaryImages.ToFloats(data, Binarization.Dynamic, 1);
        double independent = 0;
        float[] logits = BinaryImages.MeanLogits(data);
        for (int i = 0; i < images.Length; i++)
        {
            // -log p = log(1 + e^b) - x b
            double b = logits[i % logits.Length];
            independent += Math.Log(1 + Math.Exp(b)) - (images[i] * b);
        }

        double bound = -vae.EvidenceLowerBound(images, [300, 784], 1, new RandomStream(1)).Average();
        Assert.InRange(bound, 0.9 * independent / 300, 1.4 * independent / 300);
        Assert.Equal(784 * 200 + 200 * 200 + 200 * 10 * 2 + 10 * 200 + 200 * 200 + 200 * 784 + 4 * 200 + 20 + 784, vae.ParameterCount);
    }

    private static float[] Trained(int threads, out (double First, double Last) loss, int steps = 5)
    {
        using CpuDevice device = new(threads);
        ImageDataset data = Digits.Draw(200, 1, "digits");
        RandomStream random = new(1);
        using Vae vae = IwaeRecipe.Network(BinaryImages.MeanLogits(data), new ModuleOptions(random, device), latent: 8);
        using Adam adam = new(vae.Parameters);
        BatchLoader batches = new(data, 50, new BatchOptions { Scale = PixelScale.Bernoulli, Prefetch = 0 });
        VaeObjective objective = new() { Samples = 3, ImportanceWeighted = true };
        List<double> losses = [];
        long before = device.MemoryInUse;
        for (int epoch = 0; losses.Count < steps; epoch++)
        {
            foreach (Batch batch in batches.Epoch(epoch))
            {
                using Tape tape = new(device);
                VaeLosses found = vae.Losses(Tensor.From(batch.Images, [batch.Count, 784]), objective, random);
                adam.Step(tape.Gradients(found.Loss, vae.Parameters));
                losses.Add(found.Loss.Item());
                if (losses.Count == steps) break;
            }
        }

        Assert.Equal(before, device.MemoryInUse);
        loss = (losses[0], losses[^1]);
        return [.. vae.Parameters.SelectMany(parameter => parameter.ToArray())];
    }
}
