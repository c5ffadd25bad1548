using Engine.Autograd.Bijections;
using Engine.Kernels.Flows;
using Engine.Models.Flow;
using MathNet.Numerics.LinearAlgebra;

namespace Engine.Tests.Flow;

public sealed class TransformTests
{
    private static readonly CpuDevice s_device = new(1);

    public static TheoryData<string> All => SmallFlows.Names;

    [Theory, MemberData(nameof(All))]
    public void The_inverse_leads_back_in_float32(string name) => Assert.InRange(InverseError(name, DType.Float32), 0, 1e-4);

    [Theory, MemberData(nameof(All))]
    public void The_inverse_leads_back_in_float64(string name) => Assert.InRange(InverseError(name, DType.Float64), 0, 1e-10);

    [Theory, MemberData(nameof(All))]
    public void The_log_determinant_is_that_of_the_full_Jacobian(string name)
    {
        const double Step = 1e-5;
        using FlowTransform flow = SmallFlows.Make(name, DType.Float64, s_device);
        Shape example = SmallFlows.Example(name);
        int n = example.Count;
        double[] at = SmallFlows.Draw(name, 1);

        // Row 2 i is moved forward in dimension i, row 2 i + 1 backward.
        double[] moved = [.. Enumerable.Range(0, 2 * n)
            .SelectMany(row => at.Select((x, k) => k == row / 2 ? x + (row % 2 == 0 ? Step : -Step) : x))];
        using Tape tape = new(s_device, record: false);
        double[] values = flow.Apply(SmallFlows.Tensor(moved, new Shape([2 * n, .. example.ToArray()]), DType.Float64)).Value.ToDoubles();
        double[] jacobian = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) jacobian[(i * n) + j] = (values[(2 * i * n) + j] - values[(((2 * i) + 1) * n) + j]) / (2 * Step);

        double expected = Math.Log(Math.Abs(Matrix<double>.Build.DenseOfRowMajor(n, n, jacobian).Determinant()));
        double log = flow.Apply(SmallFlows.Tensor(at, new Shape([1, .. example.ToArray()]), DType.Float64)).LogDeterminant.Item();
        Assert.Equal(expected, log, 1e-6);
    }

    [Theory, MemberData(nameof(All))]
    public void The_gradients_of_the_log_density_agree_with_differences(string name)
    {
        using FlowTransform transform = SmallFlows.Make(name, DType.Float64, s_device);
        NormalizingFlow flow = new(transform, BaseDistribution.Gaussian, SmallFlows.Example(name));
        Shape batch = new([3, .. SmallFlows.Example(name).ToArray()]);
        double[] at = SmallFlows.Draw(name, 3);

        // The inverse autoregressive flow with splines is the one density without a gradient; all of these have one.
        using (Tensor x = Tensor.From(at, batch, s_device)) GradCheck.Run(inputs => flow.LogDensity(inputs[0]), [x], order: 1)
            .ThrowIfFailed();
        if (flow.Parameters.Count == 0) return;

        Random random = new(9);
        double[][] direction = [.. flow.Parameters.Select(p => Projection.Normal(p.Count, random))];
        double predicted = 0;
        using (Tape tape = new(s_device))
        {
            Tensor[] gradients = tape.Gradients(flow.LogDensity(Tensor.From(at, batch)).Sum(), flow.Parameters);
            for (int i = 0; i < gradients.Length; i++) predicted += gradients[i].ToDoubles().Zip(direction[i], (g, d) => g * d).Sum();
        }

        const double Step = 1e-6;
        Move(Step);
        double above = Value();
        Move(-2 * Step);
        double difference = (above - Value()) / (2 * Step);
        Assert.Equal(predicted, difference, 1e-6 * Math.Max(1, Math.Abs(predicted)));

        void Move(double step)
        {
            for (int i = 0; i < direction.Length; i++)
                flow.Parameters[i].Storage.CopyFrom<double>(
                    [.. flow.Parameters[i].ToDoubles().Zip(direction[i], (p, d) => p + (step * d))]);
        }

        double Value()
        {
            using Tape tape = new(s_device, record: false);
            return flow.LogDensity(Tensor.From(at, batch)).Sum().Item();
        }
    }

    [Fact]
    public void The_inverse_of_a_spline_says_that_it_has_no_gradient()
    {
        using Tape tape = new(s_device);
        Tensor x = tape.Watch(Tensor.From([0.3], [1, 1]));
        Tensor y = Bijection.RationalQuadratic(
            x, Tensor.From([0.1, 0.2, 0.3, 0.4, 0.5], [1, 5]), new SplineShape(2, 1), inverse: true).Value;
        Assert.Throws<InvalidOperationException>(() => tape.Gradient(y, x));
    }

    [Fact]
    public void Actnorm_brings_the_first_batch_to_mean_0_and_variance_1()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, s_device);
        using ActNorm norm = new(3, options);
        using Tape tape = new(s_device);
        Tensor x = Tensor.Normal([50, 2, 2, 3], options.Random, 4, 3) * Tensor.From([1f, 5f, 0.1f], [3]);
        Tensor z = norm.Initialize(x);
        Assert.All(z.Mean(0, 1, 2).ToArray(), mean => Assert.Equal(0, mean, 1e-4));
        Assert.All(z.Variance(0, 1, 2).ToArray(), variance => Assert.Equal(1, variance, 1e-3));
    }

    [Fact]
    public void Diagonal_scaling_begins_where_a_first_batch_has_a_mean_size_of_1()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, s_device);
        using DiagonalScaling scaling = new(3, options);
        using Tape tape = new(s_device);
        Tensor x = Tensor.Normal([200, 3], options.Random, 0.5, 2) * Tensor.From([1f, 50f, 0.001f], [3]), z = scaling.Initialize(x);
        Assert.All(z.Abs().Mean(0).ToArray(), size => Assert.Equal(1, size, 1e-5));
        Assert.Equal(z.ToArray(), scaling.Apply(x).Value.ToArray());
    }

    [Fact]
    public void Behind_a_squeeze_the_halves_of_the_channels_are_the_colours_of_a_checkerboard()
    {
        using Tape tape = new(s_device);
        float[] colours = [.. Enumerable.Range(0, 36).Select(i => (float)(((i / 6) + (i % 6)) % 2))];
        Tensor z = new Squeeze(checkerboard: true).Apply(Tensor.From(colours, [1, 6, 6, 1])).Value;
        Assert.Equal(0, z.Slice(-1, 0, 2).Sum().Item());
        Assert.Equal(18, z.Slice(-1, 2, 2).Sum().Item());
    }

    [Fact]
    public void A_squeezed_transform_sees_its_context_at_the_same_places()
    {
        // One coupling without reach: of two pixels, the one that changes is told of its own square of the context.
        ModuleOptions options = ModuleOptions.FromSeed(1, s_device);
        using Squeezed squeezed = new(new ChannelCoupling(new Conv2d(6, 4, 1, options), 4, changesFirst: true, options));
        using Tape tape = new(s_device);
        Tensor x = Tensor.Normal([1, 4, 4, 1], options.Random), context = tape.Watch(Tensor.Normal([1, 4, 4, 1], options.Random));
        float[] seen = tape.Gradient(squeezed.Apply(x, context).Value.Slice(1, 2, 1).Slice(2, 0, 1).Sum(), context).ToArray();
        for (int i = 0; i < 16; i++) Assert.Equal(i / 4 >= 2 && i % 4 < 2, seen[i] != 0);
        Assert.Equal(x.ToArray(), squeezed.Invert(squeezed.Apply(x, context).Value, context).Value.ToArray(),
            (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void An_invertible_convolution_begins_as_a_rotation()
    {
        using InvertibleConvolution convolution = new(6, ModuleOptions.FromSeed(4, s_device) with { DType = DType.Float64 });
        using Tape tape = new(s_device);
        double[] identity = [.. Enumerable.Range(0, 36).Select(i => i / 6 == i % 6 ? 1.0 : 0)];
        Transformed made = convolution.Apply(Tensor.From(identity, [6, 6]));
        Assert.All(made.LogDeterminant.ToDoubles(), log => Assert.Equal(0, log, 1e-12));
        Assert.All(made.Value.MatMul(made.Value, transposeThis: true).ToDoubles().Zip(identity),
            pair => Assert.Equal(pair.Second, pair.First, 1e-12));
    }

    [Fact]
    public void A_coupling_whose_network_gives_another_shape_is_refused()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, s_device);
        using CouplingChain chain = new([new Linear(2, 3, options)], new AffineBijector());
        using Tape tape = new(s_device);
        Refused<InvalidOperationException>("[5, 4]", () => chain.Apply(Tensor.Zeros([5, 4])));
    }

    private static double InverseError(string name, DType type)
    {
        const int Count = 20;
        using FlowTransform flow = SmallFlows.Make(name, type, s_device);
        double[] values = SmallFlows.Draw(name, Count);
        using Tape tape = new(s_device, record: false);
        Tensor x = SmallFlows.Tensor(values, new Shape([Count, .. SmallFlows.Example(name).ToArray()]), type);
        Transformed z = flow.Apply(x), back = flow.Invert(z.Value);
        Assert.Equal(x.Shape, back.Value.Shape);
        double error = back.Value.ToDoubles().Zip(x.ToDoubles(), (a, b) => Math.Abs(a - b)).Max();
        double logs = (z.LogDeterminant + back.LogDeterminant).ToDoubles().Max(Math.Abs);
        Assert.InRange(logs, 0, type == DType.Float64 ? 1e-9 : 1e-3);
        return error;
    }
}
