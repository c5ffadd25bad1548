namespace Engine.Tests.Tensors;

public sealed class GradientTests : IsolatedTests
{
    [Fact]
    public void A_loss_from_gradients_without_a_graph_throws_and_says_how_to_ask_for_it()
    {
        using Tape tape = new(Cpu);
        Tensor w = tape.Watch(Tensor.From([1f, 2], [2]));
        Tensor gradient = tape.Gradient(w.Square().Sum(), w);
        Tensor penalty = gradient.Square().Sum();

        // Mixed with a term that does carry a graph, half the derivative would silently be missing.
        foreach (Tensor loss in (
            Tensor[])[penalty, w.Sum() + penalty, (w * gradient).Sum(), Tensor.Concat(0, w, gradient).Sum(),
            gradient.Reshape(2, 1).MatMul(w.Reshape(1, 2)).Sum()])
        {
            string message = Assert.Throws<InvalidOperationException>(() => tape.Gradient(loss, w)).Message;
            Assert.Contains("carry no graph", message);
            Assert.Contains("createGraph: true", message);
            Assert.Contains("Detach()", message);
        }

        // As a constant, by name, it may be used: d/dw (w c) = c.
        Assert.Equal([2, 4], tape.Gradient((w * gradient.Detach()).Sum(), w).ToArray());
    }

    [Fact]
    public void A_kept_gradient_still_knows_that_it_lost_its_graph()
    {
        using Tensor w = Tensor.From([1f, 2], [2], Cpu);
        Tensor kept;
        using (Tape tape = new(Cpu)) kept = tape.Keep(tape.Gradient(tape.Watch(w).Square().Sum(), w));
        using (Tape tape = new(Cpu)) Assert.Throws<InvalidOperationException>(() => tape.Gradient((w * kept).Sum(), w));
        kept.Dispose();
    }

    [Fact]
    public void A_loss_that_used_a_recorded_result_of_another_tape_throws()
    {
        using Tape outer = new(Cpu);
        Tensor w = outer.Watch(Tensor.From([1f, 2], [2]));
        Tensor y = w.Square();
        using Tape inner = new();
        Assert.Throws<InvalidOperationException>(() => inner.Gradient((y * w).Sum(), w));
        Assert.Equal([1, 4], inner.Gradient((y.Detach() * w).Sum(), w).ToArray());
    }

    [Fact]
    public void A_tape_under_another_open_one_does_not_differentiate()
    {
        using Tape outer = new(Cpu);
        Tensor w = outer.Watch(Tensor.From([1f, 2], [2]));
        Tensor loss = w.Square().Sum();
        using (new Tape())
            RefusedWith<InvalidOperationException>("Gradients: a tape that was opened later is still open", () => outer.Gradient(loss, w));
        Assert.Equal([2, 4], outer.Gradient(loss, w).ToArray());
    }

    [Fact]
    public void A_tensor_without_a_graph_throws_and_says_how_to_get_one()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([2]);
        string message = Assert.Throws<InvalidOperationException>(() => tape.Gradient(x.Square().Sum(), x)).Message;
        Assert.Contains("carries no graph on this tape", message);
        Assert.Contains("Tape.Watch", message);
    }

    [Fact]
    public void A_gradient_with_respect_to_what_the_tape_does_not_follow_throws_instead_of_being_zero()
    {
        using Tape tape = new(Cpu);
        Tensor w = tape.Watch(Tensor.Ones([2]));
        Tensor forgotten = Tensor.Ones([2]);
        Tensor loss = (w * forgotten.Exp()).Sum();
        string message = Assert.Throws<InvalidOperationException>(() => tape.Gradients(loss, [w, forgotten])).Message;
        Assert.StartsWith("Gradients: tensor 1, Float32 [2] on cpu, is no parameter, not watched", message);
        Assert.Contains("Tape.Watch", message);
    }

    [Theory, Values(false, true)]
    public void Derivatives_at_kinks_are_those_of_the_documentation(bool createGraph)
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From([0f, -0f, 1f, -1f], [4]));
        Is([0, 0, 1, -1], x.Abs());
        Is([0, 0, 1, 0], x.Relu());
        Is([0.25f, 0.25f, 1, 0.25f], x.LeakyRelu(0.25));
        Is([1, 1, 1, 1], x.Clamp(-1, 1));
        Is([1, 1, 0, 0], x.Clamp(-0.5, 0.5));

        // The same activations inside a layer, which sees its output only.
        Tensor one = Tensor.Ones([1, 1]);
        Is([0, 0, 1, 0], x.Reshape(4, 1).Linear(one, activation: Activation.Relu));
        Is([0.25f, 0.25f, 1, 0.25f], x.Reshape(4, 1).Linear(one, activation: Activation.LeakyRelu(0.25f)));

        void Is(float[] expected, Tensor y) => Assert.Equal(expected, tape.Gradient(y.Sum(), x, createGraph).ToArray());
    }

    [Fact]
    public void The_gradient_of_a_scalar_with_respect_to_itself_is_one()
    {
        using Tape tape = new(Cpu);
        Tensor w = tape.Watch(Tensor.From([3f], []));
        Assert.Equal(1, tape.Gradient(w, w).Item());
        Tensor loss = w.Square();
        Tensor[] gradients = tape.Gradients(loss, [loss, w]);
        Assert.Equal((1, 6), (gradients[0].Item(), gradients[1].Item()));
    }

    [Fact]
    public void The_seed_is_not_written_to()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2]));
        Tensor y = x + 0;
        Tensor seed = Tensor.From([3f, 5], [2]);
        Tensor[] gradients = tape.Gradients(y + (y + x), seed, [x, y]);
        Assert.Equal([9, 15], gradients[0].ToArray());
        Assert.Equal([6, 10], gradients[1].ToArray());
        Assert.Equal([3, 5], seed.ToArray());
    }

    [Fact]
    public void Bad_requests_are_refused()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2]));
        Tensor y = x.Exp();
        RefusedExactly("Gradients: the loss must be a scalar, found shape [2]. Sum or average it first.", () => tape.Gradient(y, x));
        RefusedExactly("Gradients: the seed has shape [3], the output [2].", () => tape.Gradients(y, Tensor.Ones([3]), [x]));
        RefusedExactly("Gradients: tensor 1 is named twice.", () => tape.Gradients(y.Sum(), [x, x]));
    }

    [Fact]
    public void A_parameter_that_the_loss_does_not_depend_on_has_a_gradient_of_zeros()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2]));
        Tensor other = tape.Watch(Tensor.Ones([3, 1]));
        Tensor[] gradients = tape.Gradients(x.Sum(), [other, x]);
        Assert.Equal(new Shape(3, 1), gradients[0].Shape);
        Assert.Equal([0, 0, 0], gradients[0].ToArray());
        Assert.Equal([1, 1], gradients[1].ToArray());
    }

    [Theory, Values(false, true)]
    public void Gradients_of_a_tensor_that_is_used_several_times_add_up(bool createGraph)
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From([1f, 2], [2]));

        // x + x hands the same gradient on twice, through an intermediate that is used twice itself.
        Tensor y = x + x;
        Tensor z = (y * y) + y + x;
        Tensor[] gradients = tape.Gradients(z.Sum(), [x, y, z], createGraph);
        Assert.Equal([11, 19], gradients[0].ToArray());
        Assert.Equal([5, 9], gradients[1].ToArray());
        Assert.Equal([1, 1], gradients[2].ToArray());
    }

    [Theory, Values(false, true)]
    public void A_weight_that_two_layers_share_has_the_sum_of_their_gradients(bool createGraph)
    {
        double[] values = Draws.Any(new Random(5), 49);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From(Draws.Any(new Random(6), 21), [3, 7]);
        Tensor shared = tape.Watch(Tensor.From(values, [7, 7]));
        Tensor first = tape.Watch(Tensor.From(values, [7, 7]));
        Tensor second = tape.Watch(Tensor.From(values, [7, 7]));
        Tensor ofShared = tape.Gradient(x.Linear(shared, activation: Activation.Tanh).Linear(shared).Square().Sum(), shared, createGraph);
        Tensor[] apart = tape.Gradients(
            x.Linear(first, activation: Activation.Tanh).Linear(second).Square().Sum(), [first, second], createGraph);
        Near(apart[0] + apart[1], ofShared, 1e-12);
    }

    [Fact]
    public void A_generator_step_calls_no_rule_of_the_discriminators_weights()
    {
        using Tape tape = new(Cpu);
        Tensor generator = tape.Watch(Tensor.From([1f, 2, 3, 4], [2, 2]));
        Tensor discriminator = tape.Watch(Tensor.From([0.5f, -1, 2, 1], [2, 2]));
        int ofInput = 0, ofWeight = 0;
        Tensor fake = Tensor.Ones([3, 2]).MatMul(generator);
        Tensor score = Layer(Layer(fake));
        tape.Gradient(score.Sum(), generator);
        Assert.Equal((2, 0), (ofInput, ofWeight));
        tape.Gradient(score.Sum(), discriminator);
        Assert.Equal((3, 2), (ofInput, ofWeight));

        // A matrix product, with rules that count.
        Tensor Layer(Tensor x)
        {
            Tensor y = tape.NewTensor(x.Shape, DType.Float32);
            MatMul.Run(x.Storage, discriminator.Storage, y.Storage, new MatMulShape(3, 2, 2));
            return tape.Record(
                "Layer",
                y,
                new Rule(x, g =>
                {
                    ofInput++;
                    return g.MatMul(discriminator, false, true);
                }),
                new Rule(discriminator, g =>
                {
                    ofWeight++;
                    return x.MatMul(g, true, false);
                }));
        }
    }

    [Fact]
    public void A_generator_step_makes_no_gradient_of_the_discriminators_layers()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential generator = new(new Linear(4, 8, options), new Tanh());
        using Sequential discriminator = new(new Linear(8, 5000, options), new LeakyRelu(0.2), new Linear(5000, 1, options));
        using Tape tape = new(Cpu);
        Tensor loss = Loss.BinaryCrossEntropyFromLogits(discriminator.Forward(generator.Forward(Tensor.Ones([2, 4]))), Tensor.Ones([2, 1]));
        long before = Cpu.MemoryInUse;

        // With a graph everything that is computed stays: a gradient of the wide weight would be seen.
        tape.Gradients(loss, generator.Parameters, createGraph: true);
        long ofGenerator = Cpu.MemoryInUse - before;
        tape.Gradients(loss, discriminator.Parameters, createGraph: true);
        long ofDiscriminator = Cpu.MemoryInUse - before - ofGenerator;
        long weight = 8 * 5000 * sizeof(float);
        Assert.True(ofDiscriminator > weight, $"the discriminator's gradients took {ofDiscriminator} bytes");
        Assert.True(ofGenerator < ofDiscriminator - weight,
            $"the generator's gradients took {ofGenerator} bytes, the discriminator's {ofDiscriminator}");
    }

    [Fact]
    public void Elements_that_share_an_extreme_share_its_gradient()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.From([3f, 1, 3, 2], [4]));
        Assert.Equal([0.5f, 0, 0.5f, 0], tape.Gradient(x.Max(), x).ToArray());
        Tensor y = tape.Watch(Tensor.From([3f, 2, 1, 2], [4]));
        Tensor[] gradients = tape.Gradients(Tensor.Maximum(x, y).Sum(), [x, y]);
        Assert.Equal([0.5f, 0, 1, 0.5f], gradients[0].ToArray());
        Assert.Equal([0.5f, 1, 0, 0.5f], gradients[1].ToArray());
    }

    [Fact]
    public void A_rule_of_a_wrong_shape_is_named()
    {
        using Tape tape = new(Cpu);
        Tensor x = tape.Watch(Tensor.Ones([2, 3]));
        Tensor y = tape.Record("Mine", x.Detach().Exp(), new Rule(x, g => g.Sum(0)));
        RefusedExactly<InvalidOperationException>("Mine: its gradient rule gave shape [3] for an input of shape [2, 3].",
            () => tape.Gradient(y.Sum(), x));
    }
}
