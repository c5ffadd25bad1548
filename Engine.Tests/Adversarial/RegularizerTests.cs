using Engine.Autograd.Checks;
using Engine.Models.Adversarial;

namespace Engine.Tests.Adversarial;

/// <summary>What keeps a GAN honest besides gradient penalties: weights, augmentations, packing and statistics of the batch.</summary>
public sealed class RegularizerTests : IsolatedTests
{
    private ModuleOptions Options => ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 };

    [Fact]
    public void Orthogonal_regularisation_penalises_products_of_different_filters()
    {
        using Sequential network = new(
            new Conv2d(2, 3, 3, Options), new BatchNorm(3, Options), new ConvTranspose2d(3, 2, 2, Options, stride: 2),
            new Linear(2, 4, Options));
        OrthogonalRegularizer regularizer = new(0.5);
        double expected = 0;
        foreach (Parameter weight in network.Parameters.Where(parameter => parameter.Shape.Rank > 1))
        {
            double[] w = weight.ToDoubles();
            int columns = weight.Shape[-1];
            for (int i = 0; i < columns; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    if (i == j) continue;
                    double product = 0;
                    for (int k = 0; k < w.Length; k += columns) product += w[k + i] * w[k + j];
                    expected += 0.5 * product * product;
                }
            }
        }

        using (Tape tape = new(Cpu)) Assert.Equal(expected, regularizer.Penalty(network).Item(), 1e-12);
        Differences.AlongDirections(network, () => regularizer.Penalty(network), 1e-7);
        using Tape open = new(Cpu);
        Refusal.RefusedWith("OrthogonalRegularizer: expected a network with weights", () => regularizer.Penalty(new Flatten()));
    }

    [Fact]
    public void Clipped_weights_stay_within_their_bound()
    {
        using Linear layer = CheckClipping(Cpu);
        Refusal.RefusedWith<ArgumentOutOfRangeException>("WeightClipping: expected a finite bound above 0, found 0",
            () => _ = new WeightClipping(0));
        Refusal.RefusedWith("Clip: expected a lower bound", () => layer.Weight.Clip(1, -1));
    }

    [Fact]
    public void Consistency_is_the_squared_distance_of_scores()
    {
        using Sequential network = new(new Linear(2, 1, Options));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([4, 2], new(1), dtype: DType.Float64), g = Tensor.Normal([4, 2], new(2), dtype: DType.Float64);
        double[] w = network.Parameters[0].ToDoubles();
        double square = Math.Pow(0.5 * (w[0] + w[1]), 2);
        Discriminator d = new(network, new(1));
        Assert.Equal(10 * square, new ConsistencyRegularizer(new Shift()).Penalty(d, x, g, null).Item(), 1e-12);
        Assert.Equal(13 * square, new ConsistencyRegularizer(new Shift(), 10, 3).Penalty(d, x, g, null).Item(), 1e-12);
    }

    [Fact]
    public void Translation_moves_each_image_within_its_range()
    {
        using Tape tape = new(Cpu);
        const int Images = 30, Height = 8, Width = 6;
        Tensor x = Tensor.Normal([Images, Height, Width, 2], new(1));
        float[] before = x.ToArray();
        float[] after = new DiffAugment { Color = false, Cutout = 0, Translation = 0.25 }.Apply(x, new(5)).ToArray();
        HashSet<(int, int)> seen = [];
        for (int image = 0; image < Images; image++)
        {
            // 2 rows and, rounded up, 2 columns
            int[] range = [-2, -1, 0, 1, 2];
            (int, int)[] shifts = [.. from r in range from c in range where Fits(image, r, c) select (r, c)];
            seen.Add(Assert.Single(shifts));
        }

        Assert.True(seen.Count > 10 && seen.Any(shift => shift.Item1 == 2) && seen.Any(shift => shift.Item2 == -2));

        bool Fits(int image, int down, int right) => Enumerable.Range(0, Height * Width * 2).All(i =>
        {
            (int row, int column, int channel) = ((i / (Width * 2)) - down, (i / 2 % Width) - right, i % 2);
            float from = row is >= 0 and < Height && column is >= 0 and < Width
                ? before[(((((image * Height) + row) * Width) + column) * 2) + channel] : 0;
            return after[(image * Height * Width * 2) + i] == from;
        });
    }

    [Fact]
    public void Cutout_sets_a_rectangle_of_each_image_to_zero()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([20, 8, 6, 1], new(1));
        float[] before = x.ToArray(), after = new DiffAugment { Color = false, Translation = 0 }.Apply(x, new(5)).ToArray();
        for (int image = 0; image < 20; image++)
        {
            int[] cut = [.. Enumerable.Range(0, 48).Where(i => after[(48 * image) + i] == 0)];
            Assert.All(Enumerable.Range(0, 48).Except(cut), i => Assert.Equal(before[(48 * image) + i], after[(48 * image) + i]));
            (int top, int bottom) = (cut.Min(i => i / 6), cut.Max(i => i / 6));
            (int left, int right) = (cut.Min(i => i % 6), cut.Max(i => i % 6));
            Assert.Equal((bottom - top + 1) * (right - left + 1), cut.Length);
            Assert.True(bottom - top < 4 && right - left < 3);
        }
    }

    [Fact]
    public void Colours_of_grey_images_change_by_a_shift_and_a_factor_each()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([10, 4, 4, 1], new(1), dtype: DType.Float64);
        double[] before = x.ToDoubles(), after = new DiffAugment { Translation = 0, Cutout = 0 }.Apply(x, new(5)).ToDoubles();
        for (int image = 0; image < 10; image++)
        {
            double[] from = before[(16 * image)..(16 * (image + 1))], to = after[(16 * image)..(16 * (image + 1))];
            double contrast = (to[1] - to[0]) / (from[1] - from[0]);
            Assert.InRange(contrast, 0.5, 1.5);
            Assert.InRange(to.Average() - from.Average(), -0.5, 0.5);
            for (int i = 0; i < 16; i++) Assert.Equal(to.Average() + (contrast * (from[i] - from.Average())), to[i], 1e-12);
        }
    }

    [Fact]
    public void Gradients_flow_through_augmentations()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([2, 4, 4, 3], new(1), dtype: DType.Float64);
        GradCheck.Run(inputs => new DiffAugment { Translation = 0.25 }.Apply(inputs[0], new(3)).Tanh(), [x]).ThrowIfFailed();
        Refusal.RefusedWith("DiffAugment: expected images", () => new DiffAugment().Apply(Tensor.Ones([2, 4]), new(1)));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("DiffAugment: expected Cutout from 0 to 1, found 1.5",
            () => _ = new DiffAugment { Cutout = 1.5 });
    }

    [Fact]
    public void Packing_puts_neighbours_side_by_side()
    {
        using Tape tape = new(Cpu);
        Probe probe = new();
        Discriminator packed = new(probe, new(1)) { Packing = 2 };
        packed.Scores(Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8], [4, 2]));
        Assert.Equal(new Shape(2, 4), probe.Seen!.Shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6, 7, 8], probe.Seen.ToArray());

        // Two images of one row, two columns and one channel: channels of a pixel are those of the two images.
        packed.Scores(Tensor.From([1f, 2, 3, 4], [2, 1, 2, 1]));
        Assert.Equal(new Shape(1, 1, 2, 2), probe.Seen.Shape);
        Assert.Equal([1f, 3, 2, 4], probe.Seen.ToArray());
        Refusal.RefusedWith("Packing: expected samples [samples, ...] that fill groups of 2, found [3, 2]",
            () => packed.Scores(Tensor.Ones([3, 2])));
        Refusal.RefusedWith<ArgumentOutOfRangeException>("Packing: expected at least 1 sample", () => _ = new GanOptions { Packing = 0 });
        using LabelConcatenation conditional = new(new Flatten(), 2);
        Refusal.RefusedWith("Packing: expected a discriminator of samples alone, found LabelConcatenation",
            () => new Discriminator(conditional, new(1)) { Packing = 2 }.Scores(Tensor.Ones([4, 2])));
    }

    [Theory, Values(null, 2)]
    public void The_deviation_of_a_minibatch_is_one_channel_more(int? group)
    {
        using Tape tape = new(Cpu);
        using MinibatchStandardDeviation layer = new(group);
        Tensor x = Tensor.Normal([4, 2, 3, 2], new(1), dtype: DType.Float64);
        Tensor y = layer.Forward(x);
        Assert.Equal(new Shape(4, 2, 3, 3), y.Shape);
        double[] from = x.ToDoubles(), to = y.ToDoubles();
        int size = group ?? 4;
        for (int sample = 0; sample < 4; sample++)
        {
            int first = sample / size * size;
            double expected = Enumerable.Range(0, 12).Average(element =>
            {
                double[] values = [.. Enumerable.Range(first, size).Select(s => from[(12 * s) + element])];
                return Math.Sqrt(values.Average(v => Math.Pow(v - values.Average(), 2)) + 1e-8);
            });
            for (int pixel = 0; pixel < 6; pixel++)
            {
                Assert.Equal(from[(12 * sample) + (2 * pixel)], to[(18 * sample) + (3 * pixel)]);
                Assert.Equal(from[(12 * sample) + (2 * pixel) + 1], to[(18 * sample) + (3 * pixel) + 1]);
                Assert.Equal(expected, to[(18 * sample) + (3 * pixel) + 2], 1e-12);
            }
        }

        GradCheck.Run(inputs => layer.Forward(inputs[0]).Tanh(), [x]).ThrowIfFailed();
    }

    [Fact]
    public void Minibatches_that_do_not_fit_are_refused()
    {
        using Tape tape = new(Cpu);
        Refusal.RefusedWith<ArgumentOutOfRangeException>("MinibatchStandardDeviation: expected a group of at least 2 samples, found 1",
            () => _ = new MinibatchStandardDeviation(1));
        using MinibatchStandardDeviation layer = new(2);
        Refusal.RefusedWith("MinibatchStandardDeviation: expected samples that fill groups of 2, found [3, 4]",
            () => layer.Forward(Tensor.Ones([3, 4])));
        Refusal.RefusedWith("MinibatchStandardDeviation: expected samples [samples, ..., channels]", () => layer.Forward(Tensor.Ones([4])));
        Assert.Equal(new Shape(4, 4), layer.Forward(Tensor.Ones([4, 3])).Shape);
    }

    [Fact]
    public void A_discriminator_is_normalised_layer_by_layer()
    {
        ModuleOptions options = ModuleOptions.FromSeed(3, Cpu);
        using Sequential spectral = Dcgan.ConvolutionalDiscriminator(options, 2, layer => new SpectralNorm(layer, options.Random));
        using Sequential weights = Dcgan.ConvolutionalDiscriminator(options, 2, layer => new WeightNorm(layer), dropout: 0, channels: 2);
        using Tape tape = new(Cpu);
        Assert.Equal(new Shape(3, 1), spectral.Forward(Tensor.Normal([3, 28, 28, 1], new(1))).Shape);
        Assert.Equal(new Shape(3, 1), weights.Forward(Tensor.Normal([3, 28, 28, 2], new(1))).Shape);
        Assert.Equal(["0.u", "0.v", "3.u", "3.v", "7.u", "7.v"], spectral.NamedBuffers().Select(buffer => buffer.Name));
        Assert.Equal(3, weights.NamedParameters().Count(parameter => parameter.Name.EndsWith("weight_g", StringComparison.Ordinal)));
    }

    internal static Linear CheckClipping(Device device)
    {
        Linear layer = new(3, 4, ModuleOptions.FromSeed(1, device));
        float[] before = layer.Weight.ToArray();
        new WeightClipping(0.1).Apply(layer);
        Assert.Equal(before.Select(w => Math.Clamp(w, -0.1f, 0.1f)), layer.Weight.ToArray());
        Assert.All(layer.Bias!.ToArray(), b => Assert.InRange(b, -0.1f, 0.1f));
        return layer;
    }

    private sealed class Shift : Augmentation
    {
        public override Tensor Apply(Tensor x, RandomStream random) => x + 0.5;
    }

    private sealed class Probe : Module
    {
        public Tensor? Seen { get; private set; }

        public override Tensor Forward(Tensor x) => Seen = x;
    }
}
