namespace Engine.Tests.Tensors;

public sealed class InitializerTests : IsolatedTests
{
    [Fact]
    public void Deviations_follow_from_inputs_and_outputs_of_products_and_convolutions()
    {
        (Shape Shape, double Inputs, double Outputs)[] shapes =
            [([300, 200], 300, 200), ([3, 5, 40, 60], 15 * 40, 15 * 60), ([4, 30, 70], 4 * 30, 4 * 70)];
        foreach ((Shape shape, double inputs, double outputs) in shapes)
        {
            Check(Initializers.LinearDefault, shape, 1 / Math.Sqrt(3 * inputs));
            Check(Initializers.XavierUniform(2), shape, 2 * Math.Sqrt(2 / (inputs + outputs)));
            Check(Initializers.XavierNormal(2), shape, 2 * Math.Sqrt(2 / (inputs + outputs)));
            Check(Initializers.HeUniform, shape, Math.Sqrt(2 / inputs));
            Check(Initializers.HeNormal, shape, Math.Sqrt(2 / inputs));
            Check(Initializers.Dcgan, shape, 0.02);
            Check(Initializers.DcganScale, shape, 0.02, 1);
        }
    }

    // 1 - 2 t phi(t) / (2 Phi(t) - 1) is the variance.
    [Theory, Rows("2 0.8796, 1 0.5396, 4 0.9995, 0.5 0.2839, 0.4 0.2285, 0.04 0.02309")]
    public void A_truncated_normal_stays_within_its_bound(double bound, double deviation)
    {
        double[] values = Check(Initializers.TruncatedNormal(0.5, 3, bound), [200, 200], 0.5 * deviation, 3);
        Assert.All(values, x => Assert.InRange(x, 3 - (0.5 * bound) - 1e-6, 3 + (0.5 * bound) + 1e-6));
        Assert.InRange(values.Max(), 3 + (0.5 * bound * 0.9), 3 + (0.5 * bound) + 1e-6);
    }

    [Theory, Values(new[] { 64, 64 }, new[] { 100, 37 }, new[] { 37, 100 }, new[] { 3, 3, 5, 20 }, new[] { 1, 7 })]
    public void An_orthogonal_weight_has_orthogonal_columns_or_rows_of_the_gains_length(int[] extents)
    {
        Shape shape = new(extents);
        int columns = shape[-1], rows = shape.Count / columns;
        double[] w = Values(Initializers.Orthogonal(1.5), shape, DType.Float64, 3);
        int count = Math.Min(rows, columns), length = Math.Max(rows, columns);
        double At(int vector, int k) => rows > columns ? w[(k * columns) + vector] : w[(vector * columns) + k];
        for (int i = 0; i < count; i++)
            for (int j = 0; j <= i; j++) Assert.Equal(i == j ? 2.25 : 0, Enumerable.Range(0, length).Sum(k => At(i, k) * At(j, k)), 1e-13);
        float[] single = [.. Values(Initializers.Orthogonal(1.5), shape, DType.Float32, 3).Select(x => (float)x)];
        Assert.Equal(Array.ConvertAll(w, x => (float)x), single);
    }

    [Fact]
    public void Orthogonal_weights_are_uniform_and_so_have_no_favoured_sign()
    {
        double[] means = [.. Enumerable.Range(0, 400).Select(seed => Values(Initializers.Orthogonal(), [4, 4], DType.Float64, seed)[0])];
        Assert.InRange(means.Average(), -0.08, 0.08);
        Assert.InRange(means.Average(x => x * x), 0.2, 0.3);
    }

    [Fact]
    public void Numbers_and_shapes_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializers.TruncatedNormal(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializers.TruncatedNormal(1, bound: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializers.Orthogonal(double.NaN));
        RefusedExactly("Orthogonal: expected a weight [..., inputs, outputs], found shape [5].",
            () => Values(Initializers.Orthogonal(), [5], DType.Float32, 1));
    }

    private double[] Check(Initializer initializer, Shape shape, double deviation, double mean = 0)
    {
        double[] values = Values(initializer, shape, DType.Float32, 1);
        Assert.Equal(mean, values.Average(), 0.05 * deviation);
        Assert.Equal(deviation, Math.Sqrt(values.Average(x => (x - mean) * (x - mean))), 0.02 * deviation);
        return values;
    }

    private double[] Values(Initializer initializer, Shape shape, DType type, long seed)
    {
        using Tensor tensor = Tensor.Zeros(shape, type, Cpu);
        initializer(tensor.Storage, shape, new RandomStream(seed));
        return tensor.ToDoubles();
    }
}
