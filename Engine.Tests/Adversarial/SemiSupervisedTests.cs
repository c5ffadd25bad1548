using Engine.Models.Adversarial.SemiSupervised;

namespace Engine.Tests.Adversarial;

/// <summary>Classifiers that learn from few labels as the discriminators of a GAN.</summary>
public sealed class SemiSupervisedTests : IsolatedTests
{
    private ModuleOptions Options => ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 };

    [Fact]
    public void Losses_and_gradients_are_those_of_the_formulas()
    {
        double[] real = [0.3, -1, 2, 400, 1, -3], generated = [-2, 0.5, 1, 0, -700, 0.25];
        int[] classes = [2, 0];
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From(real, [2, 3])), g = tape.Watch(Tensor.From(generated, [2, 3]));
        Tensor labels = Tensor.From(classes, [2]);

        // With class K + 1, whose logit is 0: p(real) = sum exp l / (sum exp l + 1)
        double[] s = [LogSumExp(real[..3]), LogSumExp(real[3..])], t = [LogSumExp(generated[..3]), LogSumExp(generated[3..])];
        double expected = 0.5 * (s.Average(v => -Math.Log(1 / (1 + Math.Exp(-v)))) + t.Average(v => Math.Log(1 + Math.Exp(v))));
        Tensor unlabeled = SemiSupervisedObjective.Unlabeled(x, g);
        Assert.Equal(expected, unlabeled.Item(), 1e-12);
        Assert.Equal(((s[0] - real[2]) + (s[1] - real[3])) / 2, SemiSupervisedObjective.Labeled(x, labels).Item(), 1e-12);
        Closeness.Near(s, SemiSupervisedObjective.Scores(x), 1e-12);

        // d/dl_k: 1/2n (sigma(s) - 1) softmax_k on real samples, 1/2n sigma(s) softmax_k on generated ones
        Tensor[] gradients = tape.Gradients(unlabeled, [x, g]);
        for (int i = 0; i < 6; i++)
        {
            (int sample, double of) = (i / 3, 0.25);
            Assert.Equal(-of / (1 + Math.Exp(s[sample])) * Math.Exp(real[i] - s[sample]), gradients[0].ToDoubles()[i], 1e-12);
            Assert.Equal(of / (1 + Math.Exp(-t[sample])) * Math.Exp(generated[i] - t[sample]), gradients[1].ToDoubles()[i], 1e-12);
        }
    }

    [Fact]
    public void Networks_are_those_of_the_paper_and_their_gradients_those_of_differences()
    {
        (Sequential body, Module head) = SemiSupervisedNetworks.Discriminator(ModuleOptions.FromSeed(1, Cpu), 10);
        using Sequential whole = new(body, head), large = SemiSupervisedNetworks.Generator(ModuleOptions.FromSeed(1, Cpu));
        Assert.Equal<Shape>([[784, 1000], [1000, 500], [500, 250], [250, 250], [250, 250], [250, 10]],
            [.. whole.Parameters.Select(parameter => parameter.Shape).Where(shape => shape.Rank == 2)]);
        Assert.Equal<Shape>([[100, 500], [500, 500], [500, 784]],
            [.. large.Parameters.Select(parameter => parameter.Shape).Where(shape => shape.Rank == 2)]);

        using Sequential generator = SemiSupervisedNetworks.Generator(Options, latent: 2, pixels: 3, hidden: 4);
        (Sequential layers, Module last) = SemiSupervisedNetworks.Discriminator(Options, classes: 2, pixels: 3, width: 2);
        using Sequential classifier = new(layers, last);
        classifier.Eval();

        // With biases off 0 no ReLU is at its corner.
        foreach ((string name, Parameter parameter) in classifier.NamedParameters())
            if (name.EndsWith("bias", StringComparison.Ordinal)) parameter.Storage.CopyFrom<double>(
                [.. new RandomStream(7).Uniform(parameter.Count).Select(u => 0.2 + u)]);
        using Tensor noise = Tensor.Uniform([3, 2], new(1), dtype: DType.Float64, device: Cpu);
        using Tensor x = Tensor.Normal([3, 3], new(2), dtype: DType.Float64, device: Cpu);
        Differences.AlongDirections(generator, () => generator.Forward(noise).Square().Sum(), 1e-6);
        Differences.AlongDirections(
            classifier, () => SemiSupervisedObjective.Unlabeled(classifier.Forward(x), classifier.Forward(-x)), 1e-6);

        // Nothing is added in evaluation, and noise in training.
        using Tape tape = new(Cpu);
        GaussianNoise layer = new(0.5, Options);
        double[] added = layer.Forward(Tensor.Zeros([10_000], DType.Float64)).ToDoubles();
        Assert.Equal(0.25, added.Average(v => v * v), 0.02);
        layer.Eval();
        Assert.Equal([0, 0], layer.Forward(Tensor.Zeros([2], DType.Float64)).ToDoubles());
        Refusal.RefusedWith<ArgumentOutOfRangeException>(
            "GaussianNoise: expected a finite deviation", () => _ = new GaussianNoise(-1, Options));
    }

    [Fact]
    public void It_learns_drawn_digits_from_three_labels_each_and_draws()
    {
        ImageDataset data = Digits.Draw(200, seed: 1), labeled = LabeledDraw.Of(data, 30, new RandomStream(2));
        using SemiSupervisedGan gan = Small(16, Cpu);
        double before = gan.Error(data);
        RandomStream random = new(4);
        SemiSupervisedLosses losses = default;
        for (int epoch = 0; epoch < 12; epoch++)
        {
            foreach (Batch batch in new BatchLoader(data, 50, new BatchOptions { Scale = PixelScale.Unit }).Epoch(epoch))
            {
                (float[] images, int[] labels) = LabeledDraw.Batch(labeled, 50, random);
                losses = gan.Step(batch.Images, images, labels);
            }
        }

        Assert.True(double.IsFinite(losses.Labeled) && double.IsFinite(losses.Unlabeled) && double.IsFinite(losses.Generator));
        Assert.True(gan.Error(data) < 0.6 && gan.Error(data) < before, $"{before} {gan.Error(data)}");
        float[] drawn = gan.Sample(3);
        Assert.Equal(3 * 784, drawn.Length);
        Assert.All(drawn, pixel => Assert.InRange(pixel, 0, 1));
        Assert.True(gan.Classifier.IsTraining && gan.Generator.IsTraining);
        Refusal.RefusedWith("SemiSupervisedGan.Step: expected labelled samples and a label for each, found 784 elements and 0",
            () => gan.Step(new float[784], new float[784], []));
        Refusal.RefusedWith("SemiSupervisedGan.Step: expected unlabelled samples of 784 elements, found 5",
            () => gan.Step(new float[5], new float[784], [1]));
        Refusal.RefusedWith("SemiSupervisedGan.Step: expected samples of the shape that the generator makes, [2, 784], found [2, 392]",
            () => gan.Step(new float[784], new float[392], [1]));
    }

    [Fact]
    public void A_draw_has_as_many_labels_of_each_class()
    {
        ImageDataset data = Digits.Draw(100, seed: 1), few = LabeledDraw.Of(data, 23, new RandomStream(2));
        Assert.Equal([3, 3, 3, 2, 2, 2, 2, 2, 2, 2], Enumerable.Range(0, 10).Select(c => few.Labels.ToArray().Count(label => label == c)));
        Assert.Equal(few.Pixels.ToArray(), LabeledDraw.Of(data, 23, new RandomStream(2)).Pixels.ToArray());
        Assert.NotEqual(few.Pixels.ToArray(), LabeledDraw.Of(data, 23, new RandomStream(3)).Pixels.ToArray());
        for (int i = 0; i < few.Count; i++)
            Assert.Contains(Enumerable.Range(0, 100), k => data.Label(k) == few.Label(i) && data.Image(k).SequenceEqual(few.Image(i)));

        // A batch goes through all of them before one comes again.
        (float[] images, int[] labels) = LabeledDraw.Batch(few, 46, new RandomStream(1));
        Assert.Equal(few.Labels.ToArray().Order(), labels[..23].Order());
        Assert.Equal(few.Labels.ToArray().Order(), labels[23..].Order());
        Assert.Equal((0f, 1f), (images.Min(), images.Max()));
        Refusal.RefusedWith<DataException>("Labels: expected from 10, one of each class, to the 100 images",
            () => LabeledDraw.Of(data, 9, new RandomStream(1)));
        Refusal.RefusedWith<DataException>("Labels: expected images with labels, found none in bare",
            () => LabeledDraw.Of(new ImageDataset("bare", 1, 1, 1, new byte[4]), 1, new RandomStream(1)));
    }

    /// <summary>For images of 28 x 28.</summary>
    internal static SemiSupervisedGan Small(int width, Device device, RandomStream? random = null)
    {
        ModuleOptions options = new(random ?? new RandomStream(3), device);
        (Sequential body, Module head) = SemiSupervisedNetworks.Discriminator(options, 10, width: width);
        return new SemiSupervisedGan(
            SemiSupervisedNetworks.Generator(options, latent: 4, hidden: width), body, head, latent: 4, options, averageDecay: 0.9);
    }

    private static double LogSumExp(double[] logits) => logits.Max() + Math.Log(logits.Sum(l => Math.Exp(l - logits.Max())));
}
