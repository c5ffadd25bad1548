namespace Engine.Tests.Tensors;

/// <summary>What a graph must not lose without a word.</summary>
public sealed class GraphTests : IsolatedTests
{
    [Theory, Values(true, false)]
    public void A_seed_from_outside_keeps_the_graph_of_the_gradient(bool fromOuterTape)
    {
        using Tape outer = new(Cpu, record: false);
        using Tensor? alone = fromOuterTape ? null : Alone(Cpu, [1.0]);
        Tensor seed = alone ?? Tensor.From([1.0], [1]);
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From([0.3], [1]));
        Tensor y = x.Tanh().Softmax() + x.Sigmoid().Softplus() + x.Tanh();
        Tensor first = tape.Gradients(y, seed, [x], createGraph: true)[0];
        double second = tape.Gradient(first.Sum(), x).Item();

        // tanh'' = -2 t (1 - t²) and, with s = sigmoid(x), softplus(s)'' = s'' sigmoid(s) + s'² sigmoid'(s); the softmax of one number is
        // constant.
        double t = Math.Tanh(0.3), s = Sigmoid(0.3), outer1 = Sigmoid(s), slope = s * (1 - s);
        double expected = (-2 * t * (1 - (t * t))) + (slope * (1 - (2 * s)) * outer1) + (slope * slope * outer1 * (1 - outer1));
        Assert.Equal(expected, second, 12);

        static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
    }

    [Fact]
    public void Targets_and_noise_have_gradients_too()
    {
        using Tape tape = new(Cpu);
        Tensor p = Tensor.From([0.2, 0.7, 0.5], [3]), t = Tensor.From([0.1, 0.9, 0.4], [3]), x = Tensor.From([-1.5, 0.3, 2.0], [3]);
        GradCheck.Run(i => Loss.BinaryCrossEntropy(i[0], i[1], Reduction.None), [p, t]).ThrowIfFailed();
        GradCheck.Run(i => Loss.BinaryCrossEntropyFromLogits(i[0], i[1], Reduction.None), [x, t]).ThrowIfFailed();
        GradCheck.Run(i => Sampling.Reparameterize(i[0], i[1], i[2]), [p, x, t]).ThrowIfFailed();
    }

    [Fact]
    public void A_function_that_takes_gradients_itself_can_be_checked()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([0.4, -0.8, 1.1], [3]);
        GradCheck.Run(i => Tape.Current!.Gradient((i[0].Tanh() * i[0]).Sum(), i[0], createGraph: true).Square(), [x]).ThrowIfFailed();
    }

    [Fact]
    public void A_parameter_that_was_changed_since_is_named()
    {
        using Linear layer = new(2, 1, ModuleOptions.FromSeed(1, Cpu));
        using Sgd sgd = new(layer.Parameters, 0.1);
        using Tape tape = new(Cpu);
        Tensor loss = layer.Forward(Tensor.Ones([1, 2])).Sum();
        sgd.Step(tape.Gradients(loss, layer.Parameters));
        Refused<InvalidOperationException>("Linear read parameter 'weight' [2, 1]", () => tape.Gradients(loss, layer.Parameters));
    }

    [Fact]
    public void A_refused_step_changes_nothing()
    {
        using Linear layer = new(2, 1, ModuleOptions.FromSeed(1, Cpu));
        using Adam adam = new(layer.Parameters);
        float[] before = layer.Weight.ToArray();
        using Tape tape = new(Cpu);
        Tensor weight = Tensor.Ones([2, 1]), bias = Tensor.Ones([1], DType.Float64);
        Refused("'bias'", () => adam.Step([weight, bias]));
        bias.Dispose();
        Assert.Throws<ObjectDisposedException>(() => adam.Step([weight, bias]));
        Assert.Equal(before, layer.Weight.ToArray());
        Assert.Equal(0, adam.Steps);
        Assert.Throws<ArgumentOutOfRangeException>(() => adam.LearningRate = double.NaN);
    }

    [Fact]
    public void What_is_kept_does_not_change_with_a_parameter()
    {
        using Linear layer = new(2, 1, ModuleOptions.FromSeed(1, Cpu));
        Tensor kept;
        using (Tape tape = new(Cpu)) kept = tape.Keep(layer.Weight.Detach());
        float[] before = kept.ToArray();
        layer.Weight.Set([8, 9]);
        Assert.Equal(before, kept.ToArray());
        kept.Dispose();
    }

    [Fact]
    public void A_layer_may_stand_in_a_chain_twice()
    {
        using Linear shared = new(3, 3, ModuleOptions.FromSeed(1, Cpu));
        using Sequential chain = new(shared, new Tanh(), shared);
        Assert.Equal(2, chain.Parameters.Count);
        using Tape tape = new(Cpu);
        Tensor loss = chain.Forward(Tensor.Ones([1, 3])).Square().Sum();
        Assert.Equal([3, 3], tape.Gradients(loss, chain.Parameters)[0].Shape.ToArray());
    }

    [Fact]
    public void A_negative_slope_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeakyRelu(-0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeakyRelu(double.NaN));
    }

    [Fact]
    public void An_output_is_recorded_once_and_on_its_own_tape()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2]));
        Tensor y = x.Exp();
        Refused("no operation was recorded for", () => tape.Record("Mine", y, new Rule(x, g => g)));
        Assert.Equal([2, 1], x.Reshape([2, 1]).Shape.ToArray());
    }

    private static Tensor Alone(Device device, double[] values)
    {
        using Tape tape = new(device, record: false);
        return tape.Keep(Tensor.From(values, [values.Length]));
    }
}
