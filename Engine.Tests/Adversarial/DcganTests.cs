using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

public sealed class DcganTests() : IsolatedTests(threads: 2)
{
    [Fact]
    public void The_generator_has_the_shapes_of_the_tutorial()
    {
        using Sequential generator = Dcgan.Generator(ModuleOptions.FromSeed(1, Cpu));
        Assert.Equal<Shape>(
            [
                [100, 12544], [12544], [12544],
                [5, 5, 128, 256], [128], [128],
                [5, 5, 64, 128], [64], [64],
                [7, 7, 1, 64], [1],
            ],
            [.. generator.Parameters.Select(parameter => parameter.Shape)]);

        // Images of 7, 14, 28 and 28 rows, one after the other.
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 100], new RandomStream(1));
        List<Shape> images = [];
        foreach (Module layer in generator.Layers)
        {
            x = layer.Forward(x);
            if (layer is Unflatten or ConvTranspose2d) images.Add(x.Shape);
        }

        Assert.Equal<Shape>([[2, 7, 7, 256], [2, 14, 14, 128], [2, 28, 28, 64], [2, 28, 28, 1]], images);
        Assert.All(x.ToArray(), pixel => Assert.InRange(pixel, -1, 1));
    }

    [Fact]
    public void The_discriminators_have_the_shapes_of_the_tutorial_and_give_one_logit_an_image()
    {
        using Sequential convolutional = Dcgan.ConvolutionalDiscriminator(ModuleOptions.FromSeed(1, Cpu));
        using Sequential critic = Dcgan.Critic(ModuleOptions.FromSeed(1, Cpu), width: 4, channels: 2);
        Assert.Equal<Shape>(
            [[5, 5, 2, 4], [4], [5, 5, 4, 8], [8], [5, 5, 8, 16], [16], [256, 1], [1]],
            [.. critic.Parameters.Select(parameter => parameter.Shape)]);
        using Sequential dense = Dcgan.DenseDiscriminator(ModuleOptions.FromSeed(1, Cpu));
        Assert.Equal<Shape>(
            [[5, 5, 1, 64], [64], [5, 5, 64, 128], [128], [6272, 1], [1]],
            [.. convolutional.Parameters.Select(parameter => parameter.Shape)]);
        Assert.Equal<Shape>(
            [[784, 1024], [1024], [1024], [1024, 512], [512], [512], [512, 256], [256], [256], [256, 1]],
            [.. dense.Parameters.Select(parameter => parameter.Shape)]);

        using Tape tape = new(Cpu);
        Tensor images = Tensor.Normal([3, 28, 28, 1], new RandomStream(1));
        Assert.Equal<Shape>([3, 1], convolutional.Forward(images).Shape);
        Assert.Equal<Shape>([3, 1], dense.Forward(images).Shape);
        Assert.Equal<Shape>([3, 1], critic.Forward(Tensor.Concat(3, images, images)).Shape);
    }

    [Theory, Values("conv", "dense")]
    public void It_trains_from_balance_and_samples_images(string discriminator)
    {
        using Gan gan = Small(ModuleOptions.FromSeed(7, Cpu), discriminator);
        float[] noise = Draw(gan, Cpu, 3);
        GanLosses first = default, last = default;
        BatchLoader loader = new(Digits.Draw(160, seed: 3), 16, new BatchOptions { Seed = 5, DropLast = true });
        foreach (Batch batch in loader.Epoch(0))
        {
            last = gan.Step(batch.Images, [batch.Count, 28, 28, 1]);
            if (batch.Index == 0) first = last;
        }

        // 2 log 2 and log 2 at balance, with what dropout and the statistics of a small batch make of it.
        Assert.InRange(first.Discriminator.Value, 0.9, 2.0);
        Assert.InRange(first.Generator.Value, 0.4, 1.2);
        Assert.True(double.IsFinite(last.Discriminator) && double.IsFinite(last.Generator));
        Assert.NotEqual(noise, Draw(gan, Cpu, 3));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_with_one_and_with_two_threads()
    {
        int[] one = TrainedBits(threads: 1);
        Assert.Equal(one, TrainedBits(threads: 2));
    }

    /// <summary>A DCGAN of a few channels.</summary>
    internal static Gan Small(ModuleOptions options, string discriminator)
    {
        Sequential generator = Dcgan.Generator(options, latent: 6, width: 4);
        Sequential opponent = discriminator == "conv" ? Dcgan.ConvolutionalDiscriminator(options, width: 4)
            : Dcgan.DenseDiscriminator(options, width: 8);
        return new Gan(generator, opponent, latent: 6, options);
    }

    private static float[] Draw(Gan gan, CpuDevice device, int count)
    {
        using Tensor noise = Tensor.Normal([count, 6], new RandomStream(9), device: device);
        float[] samples = gan.Sample(noise);
        Assert.Equal(count * 784, samples.Length);
        Assert.All(samples, x => Assert.InRange(x, -1, 1));
        return samples;
    }

    private static int[] TrainedBits(int threads)
    {
        using CpuDevice device = new(threads);
        using Gan gan = Small(ModuleOptions.FromSeed(7, device), "conv");
        BatchLoader loader = new(Digits.Draw(160, seed: 3), 16, new BatchOptions { Seed = 5, DropLast = true });
        foreach (Batch batch in loader.Epoch(0)) gan.Step(batch.Images, [batch.Count, 28, 28, 1]);
        return [.. gan.Generator.Parameters.Concat(gan.Discriminator.Parameters).SelectMany(p => p.ToArray())
            .Select(BitConverter.SingleToInt32Bits)];
    }
}
