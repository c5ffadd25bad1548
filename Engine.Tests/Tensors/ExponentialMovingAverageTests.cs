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
    public void Its_state_is_shown_by_name_and_set_again_to_the_bit()
    {
        using Sequential model = new(new Linear(3, 2, ModuleOptions.FromSeed(1, Cpu)));
        using ExponentialMovingAverage average = new(model, 0.9), other = new(model, 0.9);
        model.Parameters[0].Set(new float[6]);
        average.Update();
        StateCopy saved = new();
        average.VisitState(saved);
        Assert.Equal(["0.weight", "0.bias"], saved.Elements.Keys);
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

    private static double[] Values(Module module) => [.. module.Parameters.SelectMany(parameter => parameter.ToDoubles())];
}
