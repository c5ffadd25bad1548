using Engine.Kernels.Attention;

namespace Engine.Tests.Attention;

public sealed class AttentionTests : IsolatedTests
{
    [Theory]
    [InlineData(DType.Float32, 2e-5)]
    [InlineData(DType.Float64, 1e-13)]
    public void The_fused_gradient_is_that_of_the_composed_rules(DType type, double tolerance)
    {
        using CpuDevice cpu = new(2);
        using Tape tape = new(cpu);
        RandomStream random = new(3);
        foreach ((int batch, int time, int heads, int width, bool causal) in (
            (int, int, int, int, bool)[])[(2, 64, 2, 32, true), (2, 49, 1, 128, false), (1, 37, 3, 5, true), (1, 300, 1, 8, true)])
        {
            Tensor x = tape.Watch(Tensor.Normal([batch, time, 3 * heads * width], random, dtype: type));
            Tensor y = x.SelfAttention(heads, causal), seed = Tensor.Normal(y.Shape, random, dtype: type);
            Tensor fused = tape.Gradients(y, seed, [x])[0];
            Near(tape.Gradients(y, seed, [x], createGraph: true)[0], fused, tolerance);
        }
    }

    [Fact]
    public void Packed_and_separate_arguments_give_the_same_bits()
    {
        using Tape tape = new(Cpu);
        RandomStream random = new(5);
        Tensor q = tape.Watch(Tensor.Normal([2, 19, 24], random)), k = tape.Watch(Tensor.Normal([2, 19, 24], random)),
            v = tape.Watch(Tensor.Normal([2, 19, 24], random));
        Tensor together = Tensor.Concat(2, q, k, v).SelfAttention(3, causal: true), apart = q.Attention(k, v, 3, causal: true);
        Assert.Equal(together.ToArray(), apart.ToArray());
        Tensor seed = Tensor.Normal(apart.Shape, random);
        Tensor[] ofTogether = tape.Gradients(together, seed, [q, k, v]), ofApart = tape.Gradients(apart, seed, [q, k, v]);
        for (int i = 0; i < 3; i++) Assert.Equal(ofTogether[i].ToArray(), ofApart[i].ToArray());
    }

    [Fact]
    public void A_causal_position_is_not_touched_by_what_comes_after_it()
    {
        RandomStream random = new(5);
        float[] x;
        using (Tape tape = new(Cpu)) x = Tensor.Normal([1, 40, 3 * 8], random).ToArray();
        float[] before = Run(x);
        for (int time = 0; time < 40; time += 3)
        {
            float[] changed = [.. x];
            for (int i = time * 24; i < changed.Length; i++) changed[i] += 1;
            float[] after = Run(changed);
            Assert.Equal(before[..(time * 8)], after[..(time * 8)]);
            Assert.NotEqual(before[(time * 8)..], after[(time * 8)..]);
        }

        float[] Run(float[] numbers)
        {
            using Tape tape = new(Cpu);
            return Tensor.From(numbers, [1, 40, 24]).SelfAttention(2, causal: true).ToArray();
        }
    }

    [Theory, Values(1, 3)]
    public void A_cache_gives_the_same_bits_as_the_whole_sequence(int step)
    {
        using CpuDevice cpu = new(2);
        using KeyValueCache cache = new(2, 48, 32, cpu);
        using Tape tape = new(cpu, record: false);
        Tensor packed = Tensor.Normal([2, 48, 96], new RandomStream(8));
        float[] whole = packed.SelfAttention(2, causal: true).ToArray();
        for (int first = 0; first < 48; first += step)
        {
            float[] part = cache.Attend(packed.Slice(1, first, step), 2).ToArray();
            for (int b = 0; b < 2; b++) Assert.Equal(
                whole.AsSpan(((b * 48) + first) * 32, step * 32), part.AsSpan(b * step * 32, step * 32));
        }

        Assert.Equal(48, cache.Length);
        Refused("there is no room for 1", () => cache.Attend(packed.Slice(1, 0, 1), 2));
        cache.Clear();
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void Scores_of_any_size_neither_overflow_nor_vanish()
    {
        using Tape tape = new(Cpu);
        float[] x = [1e18f, 1, 5, 1e18f, 1, 7, -1e18f, 1, 9];
        float[] y = Tensor.From(x, [1, 3, 3]).SelfAttention(1).ToArray();
        Assert.All(y, value => Assert.Equal(7f, value, 1e-5f));
    }

    [Fact]
    public void What_does_not_fit_is_refused_by_name()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Zeros([2, 3, 12]);
        Refused("SelfAttention: expected [batch, time, 3 channels] whose channels 3 heads divide", () => x.SelfAttention(3));
        Refused("found 5 queries and 3 keys", () => Tensor.Zeros([2, 5, 12]).Attention(x, x, 2, causal: true));
        Refused("Attention: expected", () => x.Attention(x, Tensor.Zeros([2, 4, 12]), 2));
        using KeyValueCache cache = new(2, 4, 4, Cpu);
        Refused<InvalidOperationException>("no gradient goes through a cache", () => cache.Attend(x, 2));
        Refused("expected heads that divide 12 channels, found 7", () => new MultiHeadAttention(12, 7, ModuleOptions.FromSeed(1, Cpu)));
    }

    [Fact]
    public void A_layer_s_gradients_agree_with_differences()
    {
        using MultiHeadAttention layer = new(6, 2, new ModuleOptions(new RandomStream(4), Cpu, DType.Float64), causal: true);
        Assert.Equal(["projection.weight", "projection.bias", "output.weight", "output.bias"],
            layer.NamedParameters().Select(named => named.Name));
        Tensor x = Tensor.Normal([2, 5, 6], new RandomStream(6), dtype: DType.Float64, device: Cpu);
        GradCheckResult result = GradCheck.Run(inputs => layer.Forward(inputs[0]), [x]);
        Assert.True(result.Passed, result.ToString());
        x.Dispose();
    }
}
