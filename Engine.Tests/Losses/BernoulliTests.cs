namespace Engine.Tests.Losses;

public sealed class BernoulliTests : IsolatedTests
{
    [Fact]
    public void Extreme_logits_cost_what_they_are_wrong_by_and_nothing_more()
    {
        using Tape tape = new(Cpu);
        Tensor logits = tape.Watch(Tensor.From([1e4f, -1e4f, 1e4f, -1e4f, 88, 0], [6, 1]));
        Tensor x = Tensor.From([1f, 0, 0, 1, 0.5f, 0.25f], [6, 1]);
        Tensor y = LogLikelihood.Bernoulli(logits, x);
        Assert.Equal([0, 0, -1e4f, -1e4f, -44, -MathF.Log(2)], y.ToArray());
        Assert.Equal([0, 0, -1, 1, -0.5f, -0.25f], tape.Gradient(y.Sum(), logits).ToArray());
    }

    [Fact]
    public void What_is_tiny_is_not_lost_in_a_row()
    {
        // 784 pixels that are right with p = 1 - e^-20: 1 + e^-20 is 1 in float32, so that a plain product would give 0.
        using Tape tape = new(Cpu);
        Tensor y = LogLikelihood.Bernoulli(Tensor.Full([1, 784], -20), Tensor.Zeros([1, 784]));
        double expected = -784 * References.Log1p(Math.Exp(-20));
        Assert.Equal(1, y.Item() / expected, 1e-5);
    }

    [Fact]
    public void A_row_of_any_length_is_its_elements_sum()
    {
        using Tape tape = new(Cpu);
        RandomStream random = new(3);
        foreach (int n in (int[])[1, 15, 16, 31, 32, 33, 120, 784, 1919, 1920, 1921, 3840, 10_007])
        {
            Tensor logits = Tensor.Normal([3, n], random, deviation: 5, dtype: DType.Float64);
            Tensor x = Tensor.Uniform([3, n], random, dtype: DType.Float64);
            double[] rows = LogLikelihood.Bernoulli(logits, x).ToDoubles();
            double[] elements = LogLikelihood.Bernoulli(logits, x, Reduction.None).ToDoubles();
            for (int row = 0; row < 3; row++) Assert.Equal(1, rows[row] / elements[(row * n)..((row + 1) * n)].Sum(), 1e-13);
        }
    }

    [Fact]
    public void The_order_of_columns_that_only_grow_does_not_overflow()
    {
        // 1 + e^-|l| is 2 for a logit of 0, in every lane and step.
        using Tape tape = new(Cpu);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            Assert.Equal(-5000 * Math.Log(2), LogLikelihood.Bernoulli(Tensor.Zeros([1, 5000], type), Tensor.Zeros([5000], type)).Item(),
                2e-2);
    }

    [Fact]
    public void Samples_share_their_target_without_a_copy_of_it()
    {
        using Tape tape = new(Cpu);
        RandomStream random = new(1);
        const int k = 5, batch = 7, n = 784;
        Tensor logits = tape.Watch(Tensor.Normal([k, batch, n], random));
        Tensor x = Tensor.Bernoulli([batch, n], random, 0.3);
        long before = Cpu.MemoryInUse;
        Tensor y = LogLikelihood.Bernoulli(logits, x);

        // The sums, and no array of the terms' size.
        Assert.Equal(new Shape(k, batch), y.Shape);
        Assert.InRange(Cpu.MemoryInUse - before, 1, 4096);
        Tensor g = tape.Gradient(y.Sum(), logits);

        Tensor repeated = x.BroadcastTo([k, batch, n]);
        Tensor other = LogLikelihood.Bernoulli(logits, repeated);
        Assert.Equal(other.ToArray(), y.ToArray());
        Assert.Equal(tape.Gradient(other.Sum(), logits).ToArray(), g.ToArray());
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        using Tape tape = new(Cpu);
        RefusedWith("LogLikelihood.Bernoulli: expected arguments that broadcast, found logits [2, 3] and x [2, 4].",
            () => LogLikelihood.Bernoulli(Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4])));
        RefusedWith("LogLikelihood.Bernoulli: expected arguments of one type, found logits Float32 [2] and x Float64 [2]; convert one "
            + "with Cast.",
            () => LogLikelihood.Bernoulli(Tensor.Zeros([2]), Tensor.Zeros([2], DType.Float64)));
        RefusedWith("LogLikelihood.Bernoulli: expected at least one axis for Reduction.Rows, found a scalar.",
            () => LogLikelihood.Bernoulli(Tensor.Zeros([]), Tensor.Zeros([])));
        RefusedWith("LogLikelihood.Bernoulli: expected at least one element to average, found",
            () => LogLikelihood.Bernoulli(Tensor.Zeros([0, 3]), Tensor.Zeros([3]), Reduction.Mean));
        RefusedWith("LogLikelihood.Bernoulli: expected logits of Float32 or Float64, found Int32 [1].",
            () => LogLikelihood.Bernoulli(Tensor.From([1], [1]), Tensor.From([1], [1])));
        RefusedWith<ArgumentOutOfRangeException>("L1: expected a reduction, found 7.",
            () => Loss.L1(Tensor.Zeros([2]), Tensor.Zeros([2]), (Reduction)7));
    }
}
