using Engine.Tests.Checkpoints;

namespace Engine.Tests.Tensors;

public sealed class ExponentialMovingAverageTests() : IsolatedTests(threads: 2)
{
    [Theory, Values(false, true)]
    public void The_average_agrees_with_plain_loops_and_the_parameters_come_back_to_the_bit(bool warmUp)
    {
        using Sequential model =
            new(new Linear(3, 5, ModuleOptions.FromSeed(1, Cpu)), new Relu(), new Linear(5, 1, ModuleOptions.FromSeed(2, Cpu)));
        using ExponentialMovingAverage average = new(model, 0.9, warmUp);
        double[] expected = Values(model);
        for (int step = 0; step < 20; step++)
        {
            foreach (Parameter parameter in model.Parameters) parameter.Set(
                [.. parameter.ToArray().Select((x, i) => x + (0.1f * (i + step)))]);
            average.Update();
            double decay = warmUp ? Math.Min(0.9, (1.0 + step) / (10 + step)) : 0.9;
            double[] now = Values(model);
            for (int i = 0; i < now.Length; i++) expected[i] = (decay * expected[i]) + ((1 - decay) * now[i]);
        }

        double[] trained = Values(model);
        using (average.Use())
        {
            double[] got = Values(model);
            for (int i = 0; i < got.Length; i++) Assert.Equal(expected[i], got[i], 1e-5 * Math.Abs(expected[i]));
            Assert.Throws<InvalidOperationException>(average.Update);
            Assert.Throws<InvalidOperationException>(average.Use);
        }

        Assert.Equal(trained, Values(model));
        Assert.Equal(20, average.Updates);
    }

    [Fact]
    public void It_begins_at_weights_that_were_loaded_after_it_was_made()
    {
        using Linear layer = new(1, 1, ModuleOptions.FromSeed(1, Cpu), bias: false);
        using ExponentialMovingAverage average = new(layer, 0.75);
        layer.Weight.Set([5]);
        using (average.Use()) Assert.Equal(5, layer.Weight.Item());
        layer.Weight.Set([8]);
        StateCopy state = new();
        average.VisitState(state);
        Assert.Equal([8.0], state.Elements["weight"]);
        layer.Weight.Set([4]);
        average.Begin();
        layer.Weight.Set([12]);
        average.Update();
        average.Begin();
        using (average.Use()) Assert.Equal((0.75 * 4) + (0.25 * 12), layer.Weight.Item());
    }

    [Fact]
    public void Its_state_is_shown_by_name_and_set_again_to_the_bit()
    {
        using Sequential model = new(new Linear(3, 2, ModuleOptions.FromSeed(1, Cpu)));
        using ExponentialMovingAverage average = new(model, 0.9), other = new(model, 0.9);
        model.Parameters[0].Set(new float[6]);
        average.Update();
        StateCopy saved = new();
        average.VisitState(saved);
        Assert.Equal(["0.weight", "0.bias", "compensation.0.weight", "compensation.0.bias"], saved.Elements.Keys);
        other.VisitState(saved.ToSet());
        Assert.Equal(1, other.Updates);
        using (average.Use()) Assert.Throws<InvalidOperationException>(() => average.VisitState(saved));
        using (average.Use()) Assert.Equal(saved.Elements["0.weight"], model.Parameters[0].ToDoubles());
        using (other.Use()) Assert.Equal(saved.Elements["0.weight"], model.Parameters[0].ToDoubles());
    }

    [Fact]
    public void It_gives_its_memory_back_and_the_parameters_too_when_it_goes_while_in_use()
    {
        using Linear layer = new(3, 5, ModuleOptions.FromSeed(1, Cpu));
        long before = Cpu.MemoryInUse;
        float[] trained = layer.Weight.ToArray();
        ExponentialMovingAverage average = new(layer);
        average.Update();
        layer.Weight.Set(new float[15]);
        IDisposable use = average.Use();
        Assert.Equal(trained, layer.Weight.ToArray());
        average.Dispose();
        use.Dispose();
        Assert.Equal(new float[15], layer.Weight.ToArray());
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.Throws<ObjectDisposedException>(average.Update);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExponentialMovingAverage(layer, 1));
        Assert.Throws<ArgumentException>(() => new ExponentialMovingAverage(new Relu()));
    }

    [Theory]
    [InlineData("cpu", DType.Float32, 0.99999)]
    [InlineData("cpu", DType.Float32, 0.9999999)]
    [InlineData("cpu", DType.Float32, 0.999999999)]
    [InlineData("cpu", DType.Float64, 0.9999999)]
    [InlineData("simulator", DType.Float32, 0.9999999)]
    [InlineData("simulator", DType.Float64, 0.9999999)]
    public void An_average_follows_however_near_its_decay_is_to_1(string name, DType type, double decay)
    {
        using Device device = Device.Open(name);
        using Linear layer = new(2, 3, new ModuleOptions(new RandomStream(1), device, type), bias: false);
        layer.Weight.Set([1, -3, 0.1f, 1e-3f, 700, 0]);
        double[] start = layer.Weight.ToDoubles(), expected = [.. start];
        using ExponentialMovingAverage average = new(layer, decay);
        layer.Weight.Set([1.5f, -2.5f, 0.2f, 2e-3f, 701, 1]);
        double[] now = layer.Weight.ToDoubles();
        int updates = device is CpuDevice ? 20_000 : 40;
        for (int update = 0; update < updates; update++)
        {
            average.Update();
            for (int i = 0; i < now.Length; i++) expected[i] += (1 - decay) * (now[i] - expected[i]);
        }

        // What has been moved is right to two digits although each single step, or even all of them, may be below the last place.
        StateCopies state = new();
        average.VisitState(state);
        double[] moved = [.. state["weight"].Zip(state["compensation.weight"], (a, c) => a + c).Zip(start, (a, from) => a - from)];
        for (int i = 0; i < now.Length; i++)
        {
            double wanted = expected[i] - start[i];
            Assert.True(Math.Abs(moved[i] - wanted) <= 5e-3 * Math.Abs(wanted),
                $"{name}, {type}, decay {decay}, element {i}: moved {moved[i]:R}, expected {wanted:R}");
        }

        using (average.Use())
        {
            double[] used = layer.Weight.ToDoubles();
            for (int i = 0; i < now.Length; i++) Assert.Equal(expected[i], used[i], (1e-6 * Math.Abs(expected[i])) + 1e-12);
        }
    }

    [Fact]
    public void A_checkpoint_from_before_there_were_compensations_is_read()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, Cpu));
        using ExponentialMovingAverage average = new(layer, 0.9), other = new(layer, 0.9);
        layer.Weight.Set([1, 2, 3, 4, 5, 6]);
        average.Update();
        other.Update();
        StateCopies before = new();
        average.VisitState(before);
        Assert.Contains(before["compensation.weight"], c => c != 0);
        StateWriter all = new();
        average.VisitState(all);
        using Tape tape = new(Cpu);
        SafetensorsWriter old = new();
        foreach (string name in (string[])["weight", "bias"])
            old.Add(name, Tensor.From(before[name], [before[name].Length]).Cast(DType.Float32).Reshape(name == "bias" ? [3] : [2, 3]));
        string path = Folder["old.safetensors"];
        old.Save(path);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        TrainingRecord record = new()
        {
            Program = "test", Settings = [], Epoch = 1, NextStep = 0, Steps = 0, Numbers = all.Numbers, RandomStreams = [], Pictures = [],
            Progress = new ProgressState {
                History = [], Sums = [], Metrics = [], Samples = 0, AllSamples = 0, Seconds = 0, LineSeconds = 0 },
        };
        foreach (bool apply in (bool[])[false, true])
        {
            StateReader reader = new(file, record, apply);
            other.VisitState(reader);
            reader.RefuseLeftovers();
            StateCopies after = new();
            other.VisitState(after);
            Assert.Equal(apply ? new double[6] : before["compensation.weight"], after["compensation.weight"]);
            Assert.Equal(before["weight"], after["weight"]);
        }
    }

    [Fact]
    public void What_would_change_the_parameters_while_their_average_is_in_use_is_refused()
    {
        using Linear layer = new(3, 5, ModuleOptions.FromSeed(1, Cpu));
        using ExponentialMovingAverage average = new(layer, 0.5), other = new(layer, 0.5);
        using Sgd sgd = new(layer.Parameters, 0.1);
        using Adam adam = new(layer.Parameters);
        string file = Folder["weights.safetensors"];
        layer.SaveSafetensors(file);
        layer.Weight.Set(new float[15]);
        using Tape tape = new(Cpu);
        Tensor[] gradients = [Tensor.Ones([3, 5]), Tensor.Ones([5])];
        float[] averaged;
        using (average.Use())
        {
            averaged = layer.Weight.ToArray();
            foreach ((string operation, Action attempt) in ((string, Action)[])
                [("Step", () => sgd.Step(gradients)), ("Step", () => adam.Step(gradients)), ("Set", () => layer.Weight.Set(new float[15])),
                    ("LoadSafetensors", () => layer.LoadSafetensors(file)), ("Update", other.Update), ("Use", () => other.Use())])
                RefusedWith<InvalidOperationException>(
                    $"{operation}: parameter 'weight' holds an average of its values while ExponentialMovingAverage.Use", attempt);
            Assert.Equal(averaged, layer.Weight.ToArray());
        }

        Assert.Equal((0, 0, 0), (sgd.Steps, adam.Steps, other.Updates));
        Assert.Equal(new float[15], layer.Weight.ToArray());
        sgd.Step(gradients);
        Assert.All(layer.Weight.ToArray(), weight => Assert.Equal(-0.1f, weight));
    }

    private static double[] Values(Module module) => [.. module.Parameters.SelectMany(parameter => parameter.ToDoubles())];
}

/// <summary>Copies of the elements of a state of any type, by name.</summary>
internal sealed class StateCopies : StateVisitor
{
    private readonly Dictionary<string, double[]> _elements = [];

    internal double[] this[string name] => _elements[name];

    protected override void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor)
    {
        if (storage.DType == DType.Float64)
        {
            double[] values = new double[storage.Length];
            storage.CopyTo<double>(values);
            _elements.Add(name, values);
            return;
        }

        float[] singles = new float[storage.Length];
        storage.CopyTo<float>(singles);
        _elements.Add(name, Array.ConvertAll(singles, x => (double)x));
    }

    protected override void OnRandom(string name, RandomStream random)
    {
    }

    protected override string OnNumber(string name, string text) => text;
}
