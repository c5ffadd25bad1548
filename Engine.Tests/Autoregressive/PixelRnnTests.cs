using Engine.Models.Autoregressive;

namespace Engine.Tests.Autoregressive;

public sealed class PixelRnnTests : IsolatedTests
{
    [Theory, Rows("5 6 1, 6 5 3, 1 4 1, 4 1 2")]
    public void Changing_a_pixel_changes_no_logit_at_or_before_it(int height, int width, int layers)
    {
        using PixelRnn model = Model(height, width, layers);
        int pixels = height * width, reached = 0, beyond = 0;
        float[] x = [.. Enumerable.Range(0, pixels).Select(i => (float)(i * i % 3 % 2))], before = Logits(model, x);
        for (int j = 0; j < pixels; j++)
        {
            float[] moved = [.. x];
            moved[j] = 0.5f;
            float[] after = Logits(model, moved);
            Assert.Equal(before[..(j + 1)], after[..(j + 1)]);
            for (int d = j + 1; d < pixels; d++)
            {
                if (before[d] != after[d]) reached++;
                if (before[d] != after[d] && (d / width) - (j / width) > 3) beyond++;
            }
        }

        // Most of what may depend does, and a Row LSTM hands on from row to row what the first convolution does not reach.
        Assert.True(reached > 0.7 * pixels * (pixels - 1) / 2, $"{reached} of {pixels * (pixels - 1) / 2}");
        if (height > 4) Assert.True(beyond > 0);
    }

    [Fact]
    public void The_probabilities_of_all_images_add_up_to_one()
    {
        using PixelRnn model = Model(2, 3, 2);
        float[] all = [.. Enumerable.Range(0, 64).SelectMany(n => Enumerable.Range(0, 6).Select(bit => (float)((n >> bit) & 1)))];
        Assert.Equal(1, model.LogLikelihood(all, [64, 2, 3, 1], atOnce: 10).Sum(Math.Exp), 1e-5);
    }

    [Fact]
    public void Drawing_row_by_row_is_drawing_with_the_whole_image()
    {
        using PixelRnn model = Model(6, 5, 2);
        long before = Cpu.MemoryInUse;
        float[] drawn = model.Sample([7, 6, 5, 1], new RandomStream(3));
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Equal(drawn, PixelModels.Sample(model, model.Forward, AutoregressiveMasks.Natural(30), 7, new RandomStream(3), []));
        float[] known = [.. drawn.Select((pixel, i) => i % 30 < 13 ? pixel : -1)];
        float[] completed = model.Sample([7, 6, 5, 1], new RandomStream(4), known);
        Assert.Equal(
            completed, PixelModels.Sample(model, model.Forward, AutoregressiveMasks.Natural(30), 7, new RandomStream(4), known));
        for (int i = 0; i < 7; i++) Assert.Equal(drawn[(30 * i)..((30 * i) + 13)], completed[(30 * i)..((30 * i) + 13)]);
        Assert.NotEqual(drawn, completed);
    }

    [Fact]
    public void Training_learns_that_a_row_repeats_the_one_above()
    {
        // The first row is drawn, all the others repeat it: 5 log 2 nats, which only the rows' states can tell.
        const int Height = 6, Width = 5;
        using PixelRnn model = new(Height, Width, 8, ModuleOptions.FromSeed(1, Cpu), layers: 1, head: 8);
        using PixelModelTraining<PixelRnn> training = new(model, 150, rate: 0.02);
        RandomStream random = new(2);
        long before = Cpu.MemoryInUse;
        double last = 0;
        for (int step = 0; step < 150; step++) last = training.Step(Images(32, Height, Width, random), [32, Height, Width, 1]);
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.InRange(last, 5 * Math.Log(2) * 0.8, (5 * Math.Log(2)) + 1);
        Assert.InRange(
            training.Nats(Images(64, Height, Width, random), [64, Height, Width, 1]), 5 * Math.Log(2) * 0.8, (5 * Math.Log(2)) + 1);
    }

    [Fact]
    public void Gradients_agree_with_differences()
    {
        using PixelRnn model = new(3, 4, 2, ModuleOptions.FromSeed(3, Cpu) with { DType = DType.Float64 }, layers: 2, head: 3);
        double[] x = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1];
        Differences.AtElements(model, () => model.LogLikelihood(Tensor.From(x, [1, 12])).Sum(), 1e-7, length => [length / 2]);
    }

    private static float[] Images(int count, int height, int width, RandomStream random)
    {
        float[] first = PixelModels.Chances(count * width, random, Device.Default);
        return [.. Enumerable.Range(0, count * height * width)
            .Select(i => first[(i / (height * width) * width) + (i % width)] < 0.5f ? 1f : 0)];
    }

    private PixelRnn Model(int height, int width, int layers)
    {
        PixelRnn model = new(height, width, 4, ModuleOptions.FromSeed(2, Cpu), layers, head: 6);
        RandomStream random = new(7);
        foreach (Parameter parameter in model.Parameters)
        {
            using Tensor values = Tensor.Normal(parameter.Shape, random, deviation: 0.5, device: Cpu);
            parameter.Set(values.ToArray());
        }

        return model;
    }

    private float[] Logits(PixelRnn model, float[] x)
    {
        using Tape tape = new(Cpu, record: false);
        return model.Forward(Tensor.From(x, [1, x.Length])).ToArray();
    }
}
