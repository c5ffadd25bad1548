namespace Engine.Tests.Autoregressive;

public sealed class LogisticMixtureTests : IsolatedTests
{
    private const int Components = 2, Levels = 5;

    [Theory, Values(1, 3)]
    public void The_likelihood_is_the_mixtures_by_the_formula(int channels)
    {
        LogisticMixture mixture = new(Components, channels, Levels);
        double[] outputs = Outputs(mixture.Outputs, pixels: 2);
        double[] levels = [.. Enumerable.Range(0, 2 * channels).Select(i => i * 2 % Levels / 4.0)];
        using Tape tape = new(Cpu, record: false);
        double found = mixture.LogLikelihood(
            Tensor.From(outputs, [1, 1, 2, mixture.Outputs], Cpu), Tensor.From(levels, [1, 1, 2, channels], Cpu)).ToDoubles()[0];
        double expected = Enumerable.Range(0, 2).Sum(pixel => Math.Log(Probability(
            outputs[(pixel * mixture.Outputs)..((pixel + 1) * mixture.Outputs)], levels[(pixel * channels)..((pixel + 1) * channels)])));
        Assert.Equal(expected, found, 9);
    }

    [Fact]
    public void The_probabilities_of_all_colours_add_up_to_one()
    {
        LogisticMixture mixture = new(Components, 3, Levels);
        double[] outputs = Outputs(mixture.Outputs, pixels: 1);
        double total = 0;
        for (int i = 0; i < Levels * Levels * Levels; i++) total += Probability(
            outputs, [i % Levels / 4.0, i / Levels % Levels / 4.0, i / (Levels * Levels) / 4.0]);
        Assert.Equal(1, total, 9);
    }

    [Fact]
    public void Draws_are_as_frequent_as_their_probability()
    {
        const int Draws = 40_000;
        LogisticMixture mixture = new(Components, 3, Levels);
        double[] outputs = Outputs(mixture.Outputs, pixels: 1);
        float[] chances;
        using (Tape tape = new(Cpu, record: false)) chances = Tensor.Uniform([4 * Draws], new RandomStream(3), device: Cpu).ToArray();
        float[] drawn = mixture.Draw([.. Enumerable.Repeat(outputs, Draws).SelectMany(all => all)], chances, 1, []);
        foreach (var color in drawn.Chunk(3).GroupBy(c => (R: c[0], G: c[1], B: c[2])))
        {
            double probability = Probability(outputs, [color.Key.R, color.Key.G, color.Key.B]);
            Assert.InRange(color.Count() / (double)Draws, probability - 0.012, probability + 0.012);
        }

        // What is known stays.
        Assert.Equal([0.25f, 0.5f], mixture.Draw(outputs, chances.AsSpan(0, 4), 1, [0.25f, 0.5f, -1])[..2]);
    }

    [Fact]
    public void A_pixel_cnn_of_colour_sees_earlier_pixels_alone_trains_samples_and_keeps_what_is_known()
    {
        using PixelCnn model = new(
            new PixelCnnSizes { Channels = 3, Mixtures = 2, Levels = 256, Features = 3, Layers = 1, FirstKernel = 3, Head = 4 },
            ModuleOptions.FromSeed(2, Cpu));
        float[] images = [.. Enumerable.Range(0, 2 * 4 * 5 * 3).Select(i => i * 37 % 256 / 255f)];
        double before = -model.LogLikelihood(images, [2, 4, 5, 3]).Average();
        using Adam adam = new(model.Parameters, 0.02);
        for (int i = 0; i < 30; i++)
        {
            using Tape tape = new(Cpu);
            adam.Step(tape.Gradients(-model.LogLikelihood(Tensor.From(images, [2, 4, 5, 3])).Mean(), model.Parameters));
        }

        Assert.True(-model.LogLikelihood(images, [2, 4, 5, 3]).Average() < before);
        using (Tape tape = new(Cpu, record: false))
        {
            float[] changed = [.. images];
            changed[(7 * 3) + 1] = 1 - changed[(7 * 3) + 1];
            int outputs = model.Logits(Tensor.From(images, [2, 4, 5, 3])).Shape[3];
            float[] a = model.Logits(Tensor.From(images, [2, 4, 5, 3])).ToArray();
            float[] b = model.Logits(Tensor.From(changed, [2, 4, 5, 3])).ToArray();
            Assert.Equal(a[..(8 * outputs)], b[..(8 * outputs)]);
            Assert.NotEqual(a[(8 * outputs)..(9 * outputs)], b[(8 * outputs)..(9 * outputs)]);
        }

        float[] known = [.. images.Select((value, i) => i % 60 < 30 ? value : -1)];
        float[] completed = model.Sample([2, 4, 5, 3], new RandomStream(1), known);
        Assert.Equal(images[..30], completed[..30]);
        Assert.All(completed, value => Assert.Equal(Math.Round(value * 255), value * 255, 3));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused() => Refused(
        "expected 1 channel, or 1 or 3 with a mixture of logistic distributions",
        () => new PixelCnn(new PixelCnnSizes { Channels = 3, Levels = 256 }, ModuleOptions.FromSeed(1, Cpu)));

    private static double[] Outputs(int count, int pixels) => [.. Enumerable.Range(0, count * pixels).Select(i => Math.Sin(1.7 * i))];

    // sum over k of pi_k product over c of F((x_c + h - m) / s) - F((x_c - h - m) / s), F the logistic function, open at the ends
    private static double Probability(double[] o, double[] pixel)
    {
        int channels = pixel.Length;
        double[] x = [.. pixel.Select(value => (2 * value) - 1)];
        double total = Math.Exp(o[0]) + Math.Exp(o[1]), sum = 0;
        for (int k = 0; k < Components; k++)
        {
            double product = Math.Exp(o[k]) / total;
            for (int c = 0; c < channels; c++)
            {
                double mean = o[((1 + c) * Components) + k], half = 1.0 / (Levels - 1);
                double scale = Math.Exp(o[((1 + channels + c) * Components) + k]);
                if (c == 1) mean += Math.Tanh(o[(7 * Components) + k]) * x[0];
                if (c == 2) mean += (Math.Tanh(o[(8 * Components) + k]) * x[0]) + (Math.Tanh(o[(9 * Components) + k]) * x[1]);
                double above = x[c] > 0.999 ? 1 : F((x[c] + half - mean) / scale);
                double below = x[c] < -0.999 ? 0 : F((x[c] - half - mean) / scale);
                product *= above - below;
            }

            sum += product;
        }

        return sum;

        static double F(double z) => 1 / (1 + Math.Exp(-z));
    }
}
