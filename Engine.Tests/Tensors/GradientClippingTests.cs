namespace Engine.Tests.Tensors;

public sealed class GradientClippingTests : IsolatedTests
{
    [Theory]
    [InlineData(DType.Float32, 1e-6)]
    [InlineData(DType.Float64, 1e-14)]
    public void Gradients_above_the_norm_are_scaled_to_it_and_others_left(DType type, double tolerance)
    {
        using Tape tape = new(Cpu);
        Tensor a = Tensor.Normal([40_003], new RandomStream(1), dtype: type), b = Tensor.Normal([3, 5], new RandomStream(2), dtype: type);
        double[] before = [.. a.ToDoubles(), .. b.ToDoubles()];
        double norm = Math.Sqrt(before.Sum(x => x * x));
        Assert.Equal(norm, GradientClipping.ByNorm([a, b], norm * 1.01), norm * 1e-12);
        double[] left = [.. a.ToDoubles(), .. b.ToDoubles()];
        Assert.Equal(before, left);
        Assert.Equal(norm, GradientClipping.ByNorm([a, b], 0.5), norm * 1e-12);
        double[] after = [.. a.ToDoubles(), .. b.ToDoubles()];
        for (int i = 0; i < before.Length; i++) Assert.Equal(before[i] * 0.5 / norm, after[i], tolerance);
        Assert.Equal(0.5, GradientClipping.ByNorm([a, b], 1), tolerance);
    }

    [Fact]
    public void The_norm_has_the_same_bits_with_any_number_of_threads_and_does_not_overflow()
    {
        using CpuDevice three = new(3);
        Assert.Equal(Norm(Cpu, 1), Norm(three, 1));
        Assert.InRange(Norm(Cpu, 1e30), 1e32, 1e33);

        static double Norm(CpuDevice device, double deviation)
        {
            using Tape tape = new(device);
            return GradientClipping.ByNorm([Tensor.Normal([100_001], new RandomStream(1), 0, deviation)], 1);
        }
    }

    [Fact]
    public void A_gradient_that_two_parameters_share_is_scaled_once()
    {
        using Tape tape = new(Cpu);
        Tensor g = Tensor.From([3f, 4], [2]);
        Assert.Equal(Math.Sqrt(50), GradientClipping.ByNorm([g, g], Math.Sqrt(50) / 2), 1e-12);
        Assert.Equal([1.5f, 2], g.ToArray());
    }

    [Fact]
    public void A_norm_that_is_not_finite_is_returned_and_nothing_scaled()
    {
        using Tape tape = new(Cpu);
        Tensor infinite = Tensor.From([float.PositiveInfinity, 4], [2]), none = Tensor.From([float.NaN, 4], [2]);
        Assert.Equal(double.PositiveInfinity, GradientClipping.ByNorm([infinite], 1).Value);
        Assert.Equal(double.NaN, GradientClipping.ByNorm([none], 1).Value);
        Assert.Equal([float.PositiveInfinity, 4], infinite.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClipping.ByNorm([none], 0));
        Assert.Equal(0, GradientClipping.ByNorm([], 1));
    }

    [Fact]
    public void Clipped_gradients_renew_the_parameters()
    {
        using Linear layer = new(2, 1, ModuleOptions.FromSeed(1, Cpu), bias: false);
        using Sgd sgd = new(layer.Parameters, 1);
        float[] before = layer.Weight.ToArray();
        using Tape tape = new(Cpu);
        Tensor[] gradients = tape.Gradients(layer.Forward(Tensor.From([30f, 40], [1, 2])).Sum(), layer.Parameters);
        Assert.Equal(50, GradientClipping.ByNorm(gradients, 5), 1e-12);
        sgd.Step(gradients);
        Assert.Equal([before[0] - 3, before[1] - 4], layer.Weight.ToArray());
    }
}
