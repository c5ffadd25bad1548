namespace Engine.Tests.Tensors;

public sealed class ModuleTests : IsolatedTests
{
    [Fact]
    public void Parameters_have_names_and_shapes_in_the_order_in_which_they_were_made()
    {
        long before = Cpu.MemoryInUse;
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using (Sequential model = new(
            new Linear(3, 5, options), new Relu(), new Sequential(new Linear(5, 2, options, bias: false), new Tanh()),
            new Linear(2, 1, options)))
        {
            Assert.Equal(["0.weight", "0.bias", "2.0.weight", "3.weight", "3.bias"], model.NamedParameters().Select(named => named.Name));
            Assert.Equal([[3, 5], [5], [5, 2], [2, 1], [1]], model.Parameters.Select(parameter => parameter.Shape.ToArray()));
            Assert.Equal(["weight", "bias", "weight", "weight", "bias"], model.Parameters.Select(parameter => parameter.Name));
            Assert.Equal(model.NamedParameters().Select(named => named.Name), model.Parameters.Select(parameter => parameter.FullName));
            Assert.Equal(15 + 5 + 10 + 2 + 1, model.ParameterCount);
        }

        Assert.Equal(before, Cpu.MemoryInUse);
    }

    [Fact]
    public void A_seed_decides_every_parameter()
    {
        Assert.Equal(Values(1), Values(1));
        Assert.NotEqual(Values(1), Values(2));

        float[] Values(long seed)
        {
            using Linear layer = new(7, 5, ModuleOptions.FromSeed(seed, Cpu));
            return [.. layer.Parameters.SelectMany(parameter => parameter.ToArray())];
        }
    }

    [Fact]
    public void A_layer_starts_within_one_over_the_square_root_of_its_inputs()
    {
        using Linear layer = new(16, 500, ModuleOptions.FromSeed(1, Cpu));
        float[] weight = layer.Weight.ToArray();
        Assert.All(weight, w => Assert.InRange(w, -0.25f, 0.25f));
        Assert.InRange(weight.Max(), 0.245f, 0.25f);
        Assert.InRange(weight.Average(), -0.01, 0.01);
        Assert.All(layer.Bias!.ToArray(), b => Assert.InRange(b, -0.25f, 0.25f));
    }

    [Fact]
    public void Initialisers_fill_as_they_say()
    {
        Shape shape = [64, 128];
        double xavier = Math.Sqrt(6.0 / (64 + 128));
        (double Low, double High, double Mean, double Deviation)[] expected =
        [
            (0, 0, 0, 0), (1, 1, 1, 0), (3, 3, 3, 0), (-0.125, 0.125, 0, 0.125 / Math.Sqrt(3)),
            (-2 * xavier, 2 * xavier, 0, 2 * xavier / Math.Sqrt(3)),
            (-1, 1, 0, Math.Sqrt(2.0 / 64)), (-4, 6, 1, 0.8), (2, 4, 3, 1 / Math.Sqrt(3)),
        ];
        Initializer[] initializers =
        [
            Initializers.Zeros, Initializers.Ones, Initializers.Constant(3), Initializers.LinearDefault, Initializers.XavierUniform(2),
            Initializers.HeNormal, Initializers.Normal(1, 0.8), Initializers.Uniform(2, 4),
        ];
        using Tensor tensor = Tensor.Zeros(shape, device: Cpu);
        for (int i = 0; i < initializers.Length; i++)
        {
            initializers[i](tensor.Storage, shape, new RandomStream(i));
            double[] values = tensor.ToDoubles();
            double mean = values.Average();
            Assert.All(values, x => Assert.InRange(x, expected[i].Low, expected[i].High));
            Assert.Equal(expected[i].Mean, mean, 0.05);
            Assert.Equal(expected[i].Deviation, Math.Sqrt(values.Average(x => (x - mean) * (x - mean))), 0.03);
        }
    }

    [Fact]
    public void Training_and_evaluation_reach_every_part()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Dropout inner = new(0.5, options);
        using Sequential model = new(new Linear(3, 5, options), new Sequential(inner));
        Assert.True(inner.IsTraining);
        model.Eval();
        Assert.False(model.IsTraining);
        Assert.False(inner.IsTraining);
        using (model.Evaluating()) Assert.False(model.IsTraining);
        Assert.False(inner.IsTraining);
        model.Train();
        Assert.True(inner.IsTraining);
        using (model.Evaluating()) Assert.False(inner.IsTraining);
        Assert.True(inner.IsTraining);
    }

    [Fact]
    public void Dropout_drops_while_training_only_and_anew_each_time()
    {
        using Dropout layer = new(0.25, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Ones([10000]);
        float[] first = layer.Forward(x).ToArray();
        Assert.InRange(first.Count(y => y == 0), 2300, 2700);
        Assert.All(first, y => Assert.True(y is 0 or 1 / 0.75f));
        Assert.NotEqual(first, layer.Forward(x).ToArray());
        layer.Eval();
        Assert.Same(x, layer.Forward(x));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(1, ModuleOptions.FromSeed(1, Cpu)));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Dropout(-0.1, new RandomStream(1)));
    }

    public static TheoryData<string> Activations => ["Relu", "LeakyRelu", "Tanh", "Sigmoid"];

    [Theory, MemberData(nameof(Activations))]
    public void A_chain_computes_what_its_layers_compute_in_turn(string name)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Module activation = name switch {
            "Relu" => new Relu(), "LeakyRelu" => new LeakyRelu(0.2), "Tanh" => new Tanh(), _ => new Sigmoid() };
        using Linear first = new(17, 33, options);
        using Linear second = new(33, 5, options);
        using Sequential chain = new(first, activation, second);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.Normal([9, 17], new RandomStream(2));
        int before = tape.OperationCount;
        Tensor fused = chain.Forward(x);
        Tensor apart = second.Forward(activation.Forward(first.Forward(x)));
        Assert.Equal(apart.ToArray(), fused.ToArray());
        Tensor[] expected = tape.Gradients(apart.Square().Mean(), chain.Parameters);
        Tensor[] got = tape.Gradients(fused.Square().Mean(), chain.Parameters);
        Near(expected, got, 1e-6);
    }

    [Fact]
    public void Bad_layers_are_refused()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Linear(0, 3, options));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Linear(3, 0, options));
        using Linear layer = new(3, 2, options);
        Assert.Throws<ArgumentException>(() => layer.Weight.Set([1, 2]));
        layer.Weight.Set([1, 2, 3, 4, 5, 6]);
        Assert.Equal([1, 2, 3, 4, 5, 6], layer.Weight.ToArray());
    }

    [Fact]
    public void Buffers_have_names_are_not_trained_and_are_given_back_with_the_module()
    {
        long before = Cpu.MemoryInUse;
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        Tensor counts;
        using (Tape tape = new(Cpu))
        {
            using Sequential model = new(new Linear(3, 5, options), new Counting(options));
            Assert.Equal(["1.counts"], model.NamedBuffers().Select(named => named.Name));
            Assert.Equal(["0.weight", "0.bias", "1.scale"], model.NamedParameters().Select(named => named.Name));
            counts = model.NamedBuffers().Single().Buffer;
            Assert.Equal([7, 7], counts.ToArray());
            tape.Dispose();
            Assert.Equal([7, 7], counts.ToArray());
        }

        Assert.Throws<ObjectDisposedException>(() => counts.Storage);
        Assert.Equal(before, Cpu.MemoryInUse);
        Refused("parameter 'scale'", () => new Counting(options, "scale"));
    }

    private sealed class Counting : Module
    {
        public Counting(ModuleOptions options, string name = "counts")
        {
            NewParameter("scale", [2], Initializers.Ones, options);
            NewBuffer(name, [2], Initializers.Constant(7), options);
        }

        public override Tensor Forward(Tensor x) => x;
    }

    [Fact]
    public void An_initializer_that_fails_leaves_no_memory_behind()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        long before = Cpu.MemoryInUse;
        Assert.Throws<InvalidOperationException>(
            () => new Linear(3, 4, options, weightInitializer: (_, _, _) => throw new InvalidOperationException()));
        Assert.Equal(before, Cpu.MemoryInUse);
    }
}
