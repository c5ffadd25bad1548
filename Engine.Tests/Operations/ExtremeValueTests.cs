using Engine.Kernels.Optimizers;

namespace Engine.Tests.Operations;

/// <summary>Values at the edges that users have asked for, each the example of its kind, on both devices and in both types.</summary>
[Collection("simulator")]
public sealed class ExtremeValueTests
{
    public static TheoryData<bool, DType> Places => new()
    {
        { true, DType.Float32 }, { true, DType.Float64 }, { false, DType.Float32 }, { false, DType.Float64 },
    };

    [Theory, MemberData(nameof(Places))]
    public void A_narrow_Gaussian_at_its_mean_has_a_likelihood_and_a_gradient(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor x = Make(type, [1, 1], 0), mean = Make(type, [1, 1], 0), logVariance = tape.Watch(Make(type, [1, 1], -90));
        Tensor value = LogLikelihood.Gaussian(x, mean, logVariance);
        Tensor gradient = tape.Gradients(value, Tensor.Ones(value.Shape, type), [logVariance])[0];
        Near([45 - (0.5 * Math.Log(2 * Math.PI))], value.ToDoubles(), 1e-6);
        Near([-0.5], gradient.ToDoubles(), 0);
    }

    [Theory, MemberData(nameof(Places))]
    public void A_wide_Gaussian_far_from_its_mean_has_a_finite_likelihood(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor value = LogLikelihood.Gaussian(Make(type, [1, 1], 0), Make(type, [1, 1], 1e25f), Make(type, [1, 1], 100));
        double distance = (double)1e25f * Math.Exp(-50);
        Near([-0.5 * (Math.Log(2 * Math.PI) + 100 + (distance * distance))], value.ToDoubles(), 1e-5);
        Assert.InRange(value.ToDoubles()[0], -1.87e6, -1.85e6);
    }

    [Theory, MemberData(nameof(Places))]
    public void Equal_narrow_Gaussians_do_not_diverge(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor mean = tape.Watch(Make(type, [1, 1], 0.5)), logVariance = tape.Watch(Make(type, [1, 1], -200));
        Tensor value = KullbackLeibler.Gaussians(mean, logVariance, mean, logVariance);
        Near([0], value.ToDoubles(), 0);
        foreach (Tensor gradient in tape.Gradients(value, Tensor.Ones(value.Shape, type), [mean, logVariance]))
            Near([0], gradient.ToDoubles(), 0);
    }

    [Theory, MemberData(nameof(Places))]
    public void Normalisations_of_values_whose_squares_overflow_are_right(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double[] x = [1e30f, 2e30f, 3e30f, -5e30f], expected = [0.2410, 0.5623, 0.8835, -1.6868];
        Near(expected, Make(type, [1, 4], x).LayerNorm().ToDoubles(), 5e-5);
        Near(expected, Make(type, [1, 1, 4], x).GroupNorm(1).ToDoubles(), 5e-5);
        Near(expected, Make(type, [1, 4, 1], x).GroupNorm(1).ToDoubles(), 5e-5);
        Near(expected, Make(type, [4, 1], x).BatchNorm(null, null, null, null, training: true).ToDoubles(), 5e-5);
    }

    [Theory, MemberData(nameof(Places))]
    public void Attention_divides_a_gradient_among_equal_keys_however_large_the_scores(bool isHost, DType type)
    {
        // log(sum(e^scores)) of scores of 10^8 (10^15 in float64) has no room for log(5).
        using Tape tape = Open(isHost);
        double size = type == DType.Float64 ? 3e7 : 1e4;
        Tensor q = Tensor.Full([1, 2, 1], size, type), k = Tensor.Full([1, 5, 1], size, type);
        Tensor v = tape.Watch(Make(type, [1, 5, 1], 1, 2, 3, 4, 5));
        Tensor y = q.Attention(k, v, heads: 1);
        Near([3, 3], y.ToDoubles(), 1e-6);
        Near([0.4, 0.4, 0.4, 0.4, 0.4], tape.Gradients(y, Tensor.Ones(y.Shape, type), [v])[0].ToDoubles(), 1e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void Given_statistics_pass_a_gradient_on_to_infinite_values(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor x = tape.Watch(Make(type, [3, 1], 1, double.PositiveInfinity, double.NegativeInfinity));
        Tensor mean = Make(type, [1], 0.5), variance = Make(type, [1], 3);
        Tensor y = x.BatchNorm(null, null, mean, variance, training: false, epsilon: 1);
        Assert.Equal([0.25, double.PositiveInfinity, double.NegativeInfinity], y.ToDoubles());
        Near([0.5, 0.5, 0.5], tape.Gradients(y, Tensor.Ones(y.Shape, type), [x])[0].ToDoubles(), 1e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void One_batch_of_large_values_does_not_spoil_the_running_statistics_for_good(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double large = type == DType.Float64 ? 1e200 : 1e30;
        Tensor runningMean = Tensor.Zeros([1], type), runningVariance = Tensor.Ones([1], type);
        Make(type, [4, 1], large, -large, 2 * large, 0).BatchNorm(null, null, runningMean, runningVariance, training: true);
        Assert.True(double.IsFinite(runningMean.ToDoubles()[0]) && double.IsFinite(runningVariance.ToDoubles()[0]));

        // All of what was there before goes, as it does after many batches: of an infinity there would be NaN.
        Make(type, [4, 1], 1, 2, 3, 4).BatchNorm(null, null, runningMean, runningVariance, training: true, momentum: 1);
        Near([5.0 / 3], runningVariance.ToDoubles(), 1e-5);
    }

    [Theory, MemberData(nameof(Places))]
    public void A_mean_of_values_whose_sum_overflows_is_right(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double large = type == DType.Float64 ? 1.7e308 : 3e38f;
        Near([large], Make(type, [3], large, large, large).Mean().ToDoubles(), 1e-6);
        Near([large, -large], Make(type, [2, 3], large, large, large, -large, -large, -large).Mean(1).ToDoubles(), 1e-6);
        Near([0.5 * large], Make(type, [4], large, large, large, -large).Mean().ToDoubles(), 1e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void A_variance_far_from_zero_is_right(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double far = type == DType.Float64 ? Math.ScaleB(1, 53) : 16777216;
        Near([1], Make(type, [2], far, far + 2).Variance().ToDoubles(), 0);
    }

    [Theory, MemberData(nameof(Places))]
    public void Normalisations_of_a_row_far_from_zero_are_right(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double[] x = [.. Enumerable.Range(0, 16).Select(i => (double)(float)(10000 + (1e-3 * i)))];
        double mean = x.Average(), deviation = Math.Sqrt(x.Select(value => (value - mean) * (value - mean)).Average() + 1e-5);
        double[] expected = Array.ConvertAll(x, value => (value - mean) / deviation);
        Near([-1.3313], expected[..1], 1e-4);
        Near(expected, Make(type, [1, 16], x).LayerNorm().ToDoubles(), 3e-6);
        Near(expected, Make(type, [1, 16, 1], x).GroupNorm(1).ToDoubles(), 3e-6);
        Near(expected, Make(type, [1, 4, 4], x).GroupNorm(1).ToDoubles(), 3e-6);
        Near(expected, Make(type, [16, 1], x).BatchNorm(null, null, null, null, training: true).ToDoubles(), 3e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void Softmax_and_its_logarithm_take_any_finite_values(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor x = tape.Watch(Make(type, [1, 3], 3e38f, 3e38f, -3e38f)), log = x.LogSumExp(1);
        Near([0.5, 0.5, 0], x.Softmax().ToDoubles(), 1e-6);
        Near([3e38f], log.ToDoubles(), 1e-6);
        Near([0.5, 0.5, 0], tape.Gradients(log, Tensor.Ones(log.Shape, type), [x])[0].ToDoubles(), 1e-6);
        Near([0.26894142], Make(type, [1, 2], 16777214, 16777215).Softmax().ToDoubles()[..1], 1e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void The_length_of_a_large_and_of_a_small_vector_is_right(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        foreach (double scale in type == DType.Float64 ? (double[])[1e300, 1e-300] : [(double)1e37f, 1e-36f])
        {
            Tensor x = tape.Watch(Make(type, [2], 3 * scale, 4 * scale)), length = x.Norm();
            Near([5 * scale], length.ToDoubles(), 1e-6);
            Near([0.6, 0.8], tape.Gradients(length, Tensor.Ones(length.Shape, type), [x])[0].ToDoubles(), 1e-6);
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Gradients_whose_squares_overflow_are_clipped_to_the_norm(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Tensor gradient = Make(type, [2], 3e30f, 4e30f);
        double norm = GradientClipping.ByNorm([gradient], 10).Value;
        Near([5e30], [norm], 1e-6);
        Near([6, 8], gradient.ToDoubles(), 1e-6);
    }

    [Theory, MemberData(nameof(Places))]
    public void Optimisers_recover_from_gradients_whose_squares_overflow(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        double large = type == DType.Float64 ? 1e200 : 1e25f;
        Tensor p = Make(type, [2], 1, 1), m = Tensor.Zeros([2], type), v = Tensor.Zeros([2], type);
        AdamUpdate.Run([p.Storage], [m.Storage], [v.Storage], [Make(type, [2], large, -large).Storage], 1, 0.1, 0.9, 0.999, 1e-8);

        // The first step of Adam is the learning rate, whatever the gradient.
        Near([0.9, 1.1], p.ToDoubles(), 1e-6);
        Assert.All(v.ToDoubles(), square => Assert.True(double.IsFinite(square)));
        Tensor q = Make(type, [1], 1), s = Tensor.Zeros([1], type);
        RmsPropUpdate.Run([q.Storage], [s.Storage], [], [], [Make(type, [1], large).Storage], 0.1, 0.75, 1e-8, 0);
        Near([0.8], q.ToDoubles(), 1e-6);
        Assert.True(double.IsFinite(s.ToDoubles()[0]));

        // An infinite gradient still shows.
        AdamUpdate.Run([p.Storage], [m.Storage], [v.Storage],
            [Make(type, [2], double.PositiveInfinity, double.NaN).Storage], 2, 0.1, 0.9, 0.999, 1e-8);
        Assert.All(p.ToDoubles(), value => Assert.False(double.IsFinite(value)));
    }

    [Theory, MemberData(nameof(Places))]
    public void What_is_made_from_large_numbers_has_them(bool isHost, DType type)
    {
        using Tape tape = Open(isHost);
        Near([3e38f, 3e38f], Tensor.Full([2], 3e38f, type).ToDoubles(), 0);
        Near([1e-40f, 1e-40f], Tensor.Full([2], 1e-40f, type).ToDoubles(), 0);
        double[] unit = Tensor.Uniform([9], new RandomStream(1), 0, 1, type).ToDoubles();
        Near(Array.ConvertAll(unit, u => (2e38 * u) - 1e38),
            Tensor.Uniform([9], new RandomStream(1), -1e38, 1e38, type).ToDoubles(), 1e-6);
        double[] normal = Tensor.Normal([9], new RandomStream(1), 0, 1, type).ToDoubles();
        Near(Array.ConvertAll(normal, n => 1e37 * n), Tensor.Normal([9], new RandomStream(1), 0, 1e37, type).ToDoubles(), 1e-6);
    }

    /// <summary>The number of cases at the edges, and that every operation with arguments of floating type is among them.</summary>
    [Fact]
    public void Every_operation_has_extreme_cases()
    {
        int count = ExtremeCaseTests.Count + ExtremeArgumentTests.Count + ExtremeNaNCases.All.Count;
        Console.WriteLine($"Extreme cases: {count}: {ExtremeCaseTests.Count} with long formulas, {ExtremeArgumentTests.Count} of the "
            + $"registry, {ExtremeNaNCases.All.Count} special values.");
        Assert.InRange(count, 1500, int.MaxValue);
        HashSet<string> covered = [.. ExtremeArgumentTests.Covered];
        string[] missing = [.. OperationRegistry.Cases.Where(c => c.Inputs.Any(input => !input.IsIndex)).Select(c => c.Operation).Distinct()
            .Where(operation => !covered.Contains(operation))];
        Assert.True(missing.Length == 0, $"operations without extreme cases: {string.Join("; ", missing)}");
    }

    private static Tape Open(bool isHost) => new(isHost ? OperationDevices.Cpu : OperationDevices.Gpu);

    private static Tensor Make(DType type, Shape shape, params double[] values) =>
        type == DType.Float64 ? Tensor.From(values, shape) : Tensor.From(Array.ConvertAll(values, x => (float)x), shape);

    /// <summary>Equal but for a relative error, in both types that of float32.</summary>
    private static void Near(double[] expected, double[] got, double error)
    {
        Assert.Equal(expected.Length, got.Length);
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < got.Length; i++) Assert.InRange(got[i], expected[i] - (error * largest), expected[i] + (error * largest));
    }
}
