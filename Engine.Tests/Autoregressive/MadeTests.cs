using Engine.Models.Autoregressive;

namespace Engine.Tests.Autoregressive;

public sealed class MadeTests : IsolatedTests
{
    [Theory, Rows("1 false false, 3 false true, 4 true true")]
    public void Changing_an_input_changes_no_output_at_or_before_it_in_the_ordering(int masks, bool anyOrder, bool direct)
    {
        const int Pixels = 7;
        using Made made = new(Pixels, [40, 40], ModuleOptions.FromSeed(5, Cpu), masks, anyOrder, direct);
        Fill(made, 11);
        int reached = 0;
        for (int mask = 0; mask < masks; mask++)
        {
            made.Use(mask);
            IReadOnlyList<int> order = made.Masks[mask].Order;
            float[] x = [1, 0, 1, 1, 0, 0, 1], before = Logits(made, x);
            for (int j = 0; j < Pixels; j++)
            {
                float[] moved = [.. x];
                moved[j] = 0.25f;
                float[] after = Logits(made, moved);
                for (int d = 0; d < Pixels; d++)
                {
                    if (order[d] <= order[j]) Assert.Equal(before[d], after[d]);
                    else if (before[d] != after[d]) reached++;
                }
            }
        }

        // And nearly everything that may depend does.
        Assert.True(reached > masks * Pixels * (Pixels - 1) / 2 * 0.7, $"{reached} of {masks * Pixels * (Pixels - 1) / 2}");
    }

    [Fact]
    public void Masked_weights_take_no_part_and_get_no_gradient()
    {
        float[] mask = [1, 0, 1, 0, 1, 1];
        using MaskedLinear layer = new(2, 3, mask, ModuleOptions.FromSeed(1, Cpu));
        layer.Weight.Set([1, 2, 3, 4, 5, 6]);
        layer.Bias!.Set([0.5f, 0, 0]);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([10f, 100], [1, 2]);
        Tensor y = layer.Forward(x);
        Assert.Equal([10.5f, 500, 630], y.ToArray());
        Assert.Equal([10, 0, 10, 0, 100, 100], tape.Gradient(y.Sum(), layer.Weight).ToArray());
        Assert.Equal([10.5f, 500, 630], layer.Forward(x, Activation.Relu).ToArray());
        layer.SetMask([0, 0, 0, 1, 0, 0]);
        Assert.Equal([400.5f, 0, 0], layer.Forward(x).ToArray());
        Assert.Equal(["weight", "bias", "mask"],
            [.. layer.NamedParameters().Select(named => named.Name), .. layer.NamedBuffers().Select(named => named.Name)]);
    }

    [Fact]
    public void A_bad_mask_or_ordering_says_what_is_wrong_with_it()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Refused("[2, 3] has 6 elements, found 5", () => new MaskedLinear(2, 3, new float[5], options));
        Refused("found 0.5 at element 1", () => new MaskedLinear(1, 2, [0, 0.5f], options));
        Refused("found [0, 2, 2]", () => new AutoregressiveMasks([0, 2, 2], [4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AutoregressiveMasks([0, 1], [0]));
        using MaskedNetwork network = new(new AutoregressiveMasks([0, 1], [4]), options);
        Assert.Throws<ArgumentException>(() => network.Use(new AutoregressiveMasks([0, 1], [5])));
        Assert.Throws<ArgumentException>(() => network.Use(new AutoregressiveMasks([0, 1, 2], [4])));
        using Tape tape = new(Cpu);
        Refused("expected [batch, 2], found [1, 3]", () => network.Forward(Tensor.Zeros([1, 3])));
    }

    [Fact]
    public void Degrees_are_those_of_the_paper()
    {
        // Dimension 0 comes last, so it has degree 3; hidden degrees are dealt out evenly from 1 to 2.
        AutoregressiveMasks masks = new([2, 0, 1], [4]);
        Assert.Equal(
            [
                0, 0, 0, 0,
                1, 1, 1, 1,
                0, 1, 0, 1,
            ], masks.Hidden(0));
        Assert.Equal([1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0], masks.Output());
        Assert.Equal([0, 0, 0, 1, 0, 1, 1, 0, 0], masks.Direct());
        Assert.Equal([1, 0, 1, 1, 0, 1], new AutoregressiveMasks([2, 0, 1], [1]).Output(2));
    }

    [Fact]
    public void The_parameters_of_a_conditioner_depend_on_earlier_dimensions_and_on_all_of_the_context()
    {
        const int Dimensions = 5, Context = 2, PerDimension = 3;
        int[] order = AutoregressiveMasks.Reversed(Dimensions);
        using MaskedNetwork network = new(
            new AutoregressiveMasks(order, [24, 24], seed: 9, Context), ModuleOptions.FromSeed(2, Cpu), PerDimension, Activation.Tanh,
            direct: true);
        Fill(network, 3);
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([1, Dimensions], new RandomStream(1))),
            context = tape.Watch(Tensor.Normal([1, Context], new RandomStream(2)));
        Tensor y = network.Forward(x, context);
        Assert.Equal(new Shape(1, PerDimension, Dimensions), y.Shape);
        for (int p = 0; p < PerDimension; p++)
        {
            for (int d = 0; d < Dimensions; d++)
            {
                Tensor[] gradients = tape.Gradients(y.Slice(1, p, 1).Slice(2, d, 1).Sum(), [x, context]);
                float[] ofX = gradients[0].ToArray();
                for (int j = 0; j < Dimensions; j++) Assert.Equal(order[j] < order[d], ofX[j] != 0);
                Assert.DoesNotContain(0f, gradients[1].ToArray());
            }
        }
    }

    [Fact]
    public void A_conditioner_can_begin_with_zeros()
    {
        using MaskedNetwork network =
            new(new AutoregressiveMasks([0, 1, 2], [8]), ModuleOptions.FromSeed(2, Cpu), 2, direct: true, zeroOutput: true);
        using Tape tape = new(Cpu);
        Assert.All(network.Forward(Tensor.Normal([4, 3], new RandomStream(1))).ToArray(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public void The_probabilities_of_all_images_add_up_to_one(int masks, bool anyOrder)
    {
        using Made made = new(4, [9], ModuleOptions.FromSeed(4, Cpu), masks, anyOrder);
        Fill(made, 5);
        float[] all = [.. Enumerable.Range(0, 16).SelectMany(n => Enumerable.Range(0, 4).Select(bit => (float)((n >> bit) & 1)))];
        Assert.Equal(1, made.LogLikelihood(all, [16, 4], atOnce: 5).Sum(Math.Exp), 1e-5);
    }

    [Theory, Rows("1 false true, 1 true false, 3 false false")]
    public void A_model_says_whether_it_knows_the_masks_that_came_with_weights(int masks, bool anyOrder, bool fromAnotherSeed)
    {
        using Made made = new(16, [9], ModuleOptions.FromSeed(4, Cpu), masks, anyOrder),
            like = new(16, [9], ModuleOptions.FromSeed(4, Cpu), masks, anyOrder);
        using Made other = new(16, [9], ModuleOptions.FromSeed(5, Cpu), masks, anyOrder);
        made.Use(2);
        string path = Folder["made.safetensors"];
        made.SaveSafetensors(path);
        like.LoadSafetensors(path);
        other.LoadSafetensors(path);
        Assert.True(made.KnowsItsMasks);
        Assert.True(like.KnowsItsMasks);
        Assert.Equal(fromAnotherSeed, other.KnowsItsMasks);
    }

    [Fact]
    public void Samples_come_as_often_as_their_probability_says()
    {
        using Made made = new(3, [8], ModuleOptions.FromSeed(6, Cpu), masks: 2, anyOrder: true);
        Fill(made, 8);
        const int Count = 20_000;
        float[] drawn = made.Sample([Count, 3], new RandomStream(3));
        int[] counts = new int[8];
        for (int i = 0; i < Count; i++) counts[(int)(drawn[3 * i] + (2 * drawn[(3 * i) + 1]) + (4 * drawn[(3 * i) + 2]))]++;
        made.Use(0);
        for (int n = 0; n < 8; n++)
        {
            using Tape tape = new(Cpu, record: false);
            double p = Math.Exp(made.LogLikelihood(Tensor.From([n & 1, (n >> 1) & 1, (float)(n >> 2)], [1, 3])).Item());
            Assert.InRange(counts[n] / (double)Count, p - (5 * Math.Sqrt(p / Count)), p + (5 * Math.Sqrt(p / Count)));
        }
    }

    [Fact]
    public void Completion_keeps_what_is_known_and_draws_the_rest()
    {
        using Made made = new(4, [8], ModuleOptions.FromSeed(6, Cpu));
        Fill(made, 8);
        float[] done = made.Sample(
            [50, 4], new RandomStream(1), [.. Enumerable.Range(0, 50).SelectMany(_ => (float[])[1, 0, -1, float.NaN])]);
        for (int i = 0; i < 50; i++) Assert.Equal([1, 0], done[(4 * i)..((4 * i) + 2)]);
        Assert.All(done, pixel => Assert.True(pixel is 0 or 1));
        Assert.Equal(2, done.Where((_, i) => i % 4 == 3).Distinct().Count());
        Refused("8 values were expected, found 3", () => made.Sample([2, 4], new RandomStream(1), [1, 0, 1]));
    }

    [Fact]
    public void Training_learns_a_distribution_that_no_product_of_independent_pixels_has()
    {
        // The second pixel repeats the first, the third is the parity of two coins: entropy 2 log 2.
        float[] data = [.. Enumerable.Range(0, 4).SelectMany(n => (float[])[n & 1, n & 1, n >> 1, (n & 1) ^ (n >> 1)])];
        using Made made = new(4, [32], ModuleOptions.FromSeed(1, Cpu), masks: 2, anyOrder: true);
        using Adam adam = new(made.Parameters, 0.02);
        long before = Cpu.MemoryInUse;
        for (int step = 0; step < 300; step++)
        {
            made.Use(step);
            using Tape tape = new(Cpu);
            Tensor loss = -made.LogLikelihood(Tensor.From(data, [4, 4])).Mean();
            adam.Step(tape.Gradients(loss, made.Parameters));
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.InRange(-made.LogLikelihood(data, [4, 4]).Average(), 2 * Math.Log(2), (2 * Math.Log(2)) + 0.05);
    }

    private float[] Logits(Made made, float[] x)
    {
        using Tape tape = new(Cpu, record: false);
        return made.Forward(Tensor.From(x, [1, x.Length])).ToArray();
    }

    // Weights large enough that what is connected shows.
    private void Fill(Module module, long seed)
    {
        RandomStream random = new(seed);
        foreach (Parameter parameter in module.Parameters)
        {
            using Tensor values = Tensor.Normal(parameter.Shape, random, device: Cpu);
            parameter.Set(values.ToArray());
        }
    }
}
