namespace Engine.Tests.Norms;

public sealed class NormLayerTests : IsolatedTests
{
    [Fact]
    public void A_batch_norm_has_parameters_and_buffers_under_the_usual_names()
    {
        using BatchNorm layer = new(3, Options());
        Assert.Equal(["weight", "bias"], layer.NamedParameters().Select(named => named.Name));
        Assert.Equal(["running_mean", "running_var"], layer.NamedBuffers().Select(named => named.Name));
        Assert.Equal([1, 1, 1], layer.Weight!.ToArray());
        Assert.Equal([0, 0, 0], layer.Bias!.ToArray());
        Assert.Equal([0, 0, 0], layer.RunningMean.ToArray());
        Assert.Equal([1, 1, 1], layer.RunningVariance.ToArray());
        using BatchNorm plain = new(3, Options(), affine: false);
        Assert.Empty(plain.Parameters);
        using BatchNorm drawn = new(1000, Options(), weightInitializer: Initializers.Normal(1, 0.02));
        Assert.InRange(drawn.Weight!.ToArray().Average(), 0.99, 1.01);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(3, 2, 5)]
    public void Training_normalises_by_the_batch_and_gathers_what_evaluation_uses(params int[] outer)
    {
        using BatchNorm layer = new(4, Options(), momentum: 0.25);
        layer.Weight!.Set([1, 2, 3, 4]);
        layer.Bias!.Set([0, 1, 0, -1]);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([.. outer, 4], new RandomStream(1), 3, 2);
        int rows = x.Count / 4;
        double[] y = layer.Forward(x).ToDoubles();
        double[] values = x.ToDoubles();
        for (int c = 0; c < 4; c++)
        {
            double[] channel = [.. Enumerable.Range(0, rows).Select(row => values[(row * 4) + c])];
            double mean = channel.Average();
            double variance = channel.Average(value => (value - mean) * (value - mean));
            for (int row = 0; row < rows; row++)
                Assert.Equal(((channel[row] - mean) / Math.Sqrt(variance + 1e-5) * layer.Weight.ToArray()[c]) + layer.Bias.ToArray()[c],
                    y[(row * 4) + c], 2e-5);
            Assert.Equal(0.25 * mean, layer.RunningMean.ToArray()[c], 1e-5);
            Assert.Equal(0.75 + (0.25 * variance * rows / (rows - 1)), layer.RunningVariance.ToArray()[c], 1e-5);
        }

        layer.Eval();
        float[] runningMean = layer.RunningMean.ToArray(), runningVariance = layer.RunningVariance.ToArray();
        double[] evaluated = layer.Forward(x).ToDoubles();
        for (int i = 0; i < evaluated.Length; i++)
        {
            int c = i % 4;
            Assert.Equal(((values[i] - runningMean[c]) / Math.Sqrt(runningVariance[c] + 1e-5) * layer.Weight.ToArray()[c])
                + layer.Bias.ToArray()[c], evaluated[i], 2e-5);
        }

        Assert.Equal(runningMean, layer.RunningMean.ToArray());
        Assert.Equal(runningVariance, layer.RunningVariance.ToArray());
    }

    [Fact]
    public void Evaluation_takes_a_single_row_and_training_refuses_it_with_a_sentence()
    {
        using BatchNorm layer = new(5, Options());
        using Tape tape = new(Cpu);
        Tensor one = Tensor.Ones([1, 5]);
        Refused("the variance of one value says nothing, found 1 in shape [1, 5]", () => layer.Forward(one));
        layer.Eval();
        Assert.All(layer.Forward(one).ToArray(), value => Assert.Equal(1 / Math.Sqrt(1 + 1e-5), value, 1e-6));
        layer.Train();
        Assert.Equal(20, layer.Forward(Tensor.Ones([1, 2, 2, 5])).Count);
    }

    [Fact]
    public void Training_again_gives_the_same_values_and_moves_the_running_statistics_once_for_each_pass()
    {
        using BatchNorm layer = new(3, Options());
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([8, 3], new RandomStream(1), 1));
        Tensor y = layer.Forward(x);
        float[] once = layer.RunningMean.ToArray();

        // Neither gradients nor gradients of gradients move them.
        Tensor penalty = tape.Gradient((y * y * y).Sum(), x, createGraph: true).Square().Sum();
        tape.Gradients(penalty, [x, layer.Weight!]);
        Assert.Equal(once, layer.RunningMean.ToArray());
        Assert.Equal(y.ToArray(), layer.Forward(x).ToArray());
        Assert.NotEqual(once, layer.RunningMean.ToArray());
        float[] twice = layer.RunningMean.ToArray();
        Assert.Equal(y.ToArray(), x.BatchNorm(layer.Weight, layer.Bias, null, null, training: true).ToArray());
        Assert.Equal(twice, layer.RunningMean.ToArray());
    }

    [Fact]
    public void Gradients_of_an_evaluation_hold_although_the_running_statistics_move_on()
    {
        using BatchNorm layer = new(3, Options());
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([8, 3], new RandomStream(1), 1));
        layer.Eval();
        Tensor loss = layer.Forward(x).Square().Sum();
        float[] expected = tape.Gradient(loss, x).ToArray();
        layer.Train();
        layer.Forward(x);
        Assert.Equal(expected, tape.Gradient(loss, x).ToArray());
    }

    public static TheoryData<string> Activations => ["Relu", "LeakyRelu", "Tanh", "Sigmoid"];

    [Theory, MemberData(nameof(Activations))]
    public void A_chain_fuses_the_activation_behind_a_batch_norm_and_computes_the_same(string name)
    {
        Module activation = name switch {
            "Relu" => new Relu(), "LeakyRelu" => new LeakyRelu(0.2), "Tanh" => new Tanh(), _ => new Sigmoid() };
        using BatchNorm norm = new(33, Options(), weightInitializer: Initializers.Normal(1, 0.5));
        using Sequential chain = new(norm, activation);
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([9, 33], new RandomStream(2)));
        int before = tape.OperationCount;
        Tensor fused = chain.Forward(x);
        if (name is "Relu" or "LeakyRelu") Assert.Equal(before + 1, tape.OperationCount);
        Tensor apart = activation.Forward(norm.Forward(x));
        Assert.Equal(apart.ToArray(), fused.ToArray());
        Tensor[] with = [x, .. chain.Parameters];
        Tensor[] expected = tape.Gradients(apart.Square().Mean(), with);
        Tensor[] got = tape.Gradients(fused.Square().Mean(), with);
        Near(expected, got, 1e-6);
    }

    [Fact]
    public void Gradients_may_be_asked_for_one_by_one_and_in_any_order()
    {
        using BatchNorm layer = new(5, Options(), weightInitializer: Initializers.Normal(1, 0.5));
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Normal([9, 5], new RandomStream(2)));
        Tensor loss = layer.Forward(x, Activation.LeakyRelu(0.2)).Square().Mean();
        Tensor[] together = tape.Gradients(loss, [x, layer.Weight!, layer.Bias!]);
        Assert.Equal(together[2].ToArray(), tape.Gradient(loss, layer.Bias!).ToArray());
        Assert.Equal(together[1].ToArray(), tape.Gradient(loss, layer.Weight!).ToArray());
        Assert.Equal(together[0].ToArray(), tape.Gradient(loss, x).ToArray());
        Tensor twice = layer.Forward(x).Sum() + loss;
        Assert.Equal(together[1].ToArray().Length, tape.Gradients(twice, [layer.Bias!, layer.Weight!])[1].Count);
    }

    [Fact]
    public void Layer_and_group_norm_normalise_rows_and_groups()
    {
        using LayerNorm layer = new(16, Options());
        using GroupNorm group = new(2, 16, Options());
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([3, 4, 4, 16], new RandomStream(1), 5, 3);
        double[] rows = layer.Forward(x).ToDoubles();
        Assert.All(rows.Chunk(16), row => Assert.Equal(0, row.Average(), 1e-5));
        Assert.All(rows.Chunk(16), row => Assert.Equal(1, row.Average(value => value * value), 1e-4));
        Tensor y = group.Forward(x).Reshape(3, 16, 2, 8);
        Assert.All(y.Mean(1, 3).ToArray(), mean => Assert.Equal(0, mean, 1e-5));
        Assert.All(y.Variance(1, 3).ToArray(), variance => Assert.Equal(1, variance, 1e-4));
        Assert.Equal(["weight", "bias"], group.NamedParameters().Select(named => named.Name));
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([4, 6]), six = Tensor.Ones([6]), five = Tensor.Ones([5]);
        Refused("BatchNorm: gamma must have shape [6] for input [4, 6], found [5].", () => x.BatchNorm(five, null, null, null, true));
        Refused("expected running statistics for evaluation, found none", () => x.BatchNorm(null, null, null, null, false));
        Refused("expected a running mean and a running variance, or neither, found one", () => x.BatchNorm(null, null, six, null, true));
        Refused<ArgumentOutOfRangeException>("the momentum must be in [0, 1]", () => x.BatchNorm(null, null, six, six, true, momentum: 2));
        Refused("found shape [6]", () => six.BatchNorm(null, null, null, null, true));
        Refused<ArgumentOutOfRangeException>("epsilon must be positive", () => x.LayerNorm(epsilon: 0));
        Refused("expected groups that divide the 6 channels of shape [4, 6], found 4", () => x.GroupNorm(4));
        Refused("convert one with Cast", () => x.LayerNorm(Tensor.Ones([6], DType.Float64)));
        Refused("expected groups that divide 6 channels, found 4", () => new GroupNorm(4, 6, Options()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNorm(0, Options()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNorm(3, Options(), momentum: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerNorm(3, Options(), epsilon: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerNorm(3, Options(), epsilon: double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GroupNorm(3, 3, Options(), epsilon: double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNorm(3, Options(), epsilon: double.PositiveInfinity));
    }

    private ModuleOptions Options() => ModuleOptions.FromSeed(1, Cpu);
}
