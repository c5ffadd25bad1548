using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Xunit;

namespace Engine.Tests;

public sealed class OptimizerTests : IDisposable
{
    private const int Count = 5 * 7;
    private const int Steps = 20;

    private readonly CpuDevice _cpu = new(1);

    public void Dispose() => _cpu.Dispose();

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Sgd_agrees_with_plain_loops(DType type, double tolerance) => Check(type, tolerance, p => new Sgd(p, 0.1), (parameters, gradients, _, _, _) =>
    {
        for (int i = 0; i < Count; i++) parameters[i] -= 0.1 * gradients[i];
    });

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Sgd_with_momentum_agrees_with_plain_loops(DType type, double tolerance) => Check(type, tolerance, p => new Sgd(p, 0.1, 0.9), (parameters, gradients, velocities, _, _) =>
    {
        for (int i = 0; i < Count; i++)
        {
            velocities[i] = (0.9 * velocities[i]) + gradients[i];
            parameters[i] -= 0.1 * velocities[i];
        }
    });

    [Theory]
    [InlineData(DType.Float32, 2e-6)]
    [InlineData(DType.Float64, 1e-13)]
    public void Adam_agrees_with_plain_loops(DType type, double tolerance) => Check(type, tolerance, p => new Adam(p, 0.05, 0.5, 0.99, 1e-6), (parameters, gradients, means, squares, step) =>
    {
        for (int i = 0; i < Count; i++)
        {
            means[i] = (0.5 * means[i]) + (0.5 * gradients[i]);
            squares[i] = (0.99 * squares[i]) + (0.01 * gradients[i] * gradients[i]);
            double mean = means[i] / (1 - Math.Pow(0.5, step));
            double square = squares[i] / (1 - Math.Pow(0.99, step));
            parameters[i] -= 0.05 * mean / (Math.Sqrt(square) + 1e-6);
        }
    });

    [Fact]
    public void What_an_optimizer_remembers_is_given_back_with_it()
    {
        using Linear layer = new(5, 6, ModuleOptions.FromSeed(1, _cpu), bias: false);
        long before = _cpu.MemoryInUse;
        using (Adam adam = new(layer.Parameters))
        {
            Assert.True(_cpu.MemoryInUse > before);
            adam.LearningRate = 0.5;
        }

        Assert.Equal(before, _cpu.MemoryInUse);
    }

    [Fact]
    public void Gradients_that_do_not_fit_are_refused_and_nothing_changes()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, _cpu));
        using Adam adam = new(layer.Parameters);
        float[] before = layer.Weight.ToArray();
        using Tape tape = new(_cpu);
        Assert.Equal("Step: 2 parameters need as many gradients, found 1.", Assert.Throws<ArgumentException>(() => adam.Step([Tensor.Ones([2, 3])])).Message);
        Assert.Equal(
            "Step: parameter 1 'bias' has shape [3], its gradient [1, 3].",
            Assert.Throws<ArgumentException>(() => adam.Step([Tensor.Ones([2, 3]), Tensor.Ones([1, 3])])).Message);
        Assert.Equal(before, layer.Weight.ToArray());
        Assert.Equal(0, adam.Steps);
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        using Linear layer = new(2, 3, ModuleOptions.FromSeed(1, _cpu));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(layer.Parameters, 0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, beta1: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, beta2: -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(layer.Parameters, epsilon: -1));
        Assert.Throws<ArgumentException>(() => new Sgd([], 0.1));
    }

    private void Check(DType type, double tolerance, Func<IReadOnlyList<Parameter>, Optimizer> make, Action<double[], double[], double[], double[], int> step)
    {
        using Linear layer = new(5, 7, new ModuleOptions(new RandomStream(3), _cpu, type), bias: false);
        using Optimizer optimizer = make(layer.Parameters);
        double[] expected = layer.Weight.ToDoubles();
        double[] first = new double[Count], second = new double[Count];
        Random random = new(4);
        for (int i = 1; i <= Steps; i++)
        {
            double[] gradient = Array.ConvertAll(Draws.Any(random, Count), g => (double)(float)g);
            step(expected, gradient, first, second, i);
            using Tape tape = new(_cpu);
            Tensor tensor = Tensor.From(gradient, [5, 7]).Cast(type);
            optimizer.Step([tensor]);
        }

        Assert.Equal(Steps, optimizer.Steps);
        double[] got = layer.Weight.ToDoubles();
        for (int i = 0; i < Count; i++) Assert.Equal(expected[i], got[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }
}
