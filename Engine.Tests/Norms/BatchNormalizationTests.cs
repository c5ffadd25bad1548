using static Engine.Tests.Movement.Guarded;

namespace Engine.Tests.Norms;

public sealed class BatchNormalizationTests
{
    public static TheoryData<int, int> Shapes
    {
        get
        {
            TheoryData<int, int> shapes = new() {
                { 2, 1 }, { 3, 4 }, { 64, 1100 }, { 256, 40 }, { 257, 40 }, { 300, 64 }, { 1000, 128 }, { 20000, 3 }, { 700, 1030 } };
            foreach (int channels in (int[])[7, 8, 9, 15, 16, 17, 31, 32, 33, 65]) shapes.Add(21, channels);
            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Both_passes_agree_with_plain_float64_loops(int rows, int channels)
    {
        foreach (Activation activation in (Activation[])[Activation.None, Activation.Relu, Activation.LeakyRelu(0.2)])
        {
            Plain.Check<float>(rows, channels, activation, 2e-6);
            Plain.Check<double>(rows, channels, activation, 4e-15);
        }
    }

    [Theory]
    [InlineData(100, 5)]
    [InlineData(5000, 5)]
    public void A_large_mean_does_not_cancel_the_variance_away(int rows, int channels)
    {
        // On a grid that float32 holds exactly, so that the data themselves are not rounded.
        Random random = new(1);
        float[] x = [.. Enumerable.Range(0, rows * channels).Select(i => 100_000f + (random.Next(-64, 65) / 32f))];
        float[][] results = Run<float>([x.Length, channels, channels], (host, o) =>
            BatchNormalization.Forward(With(host, x), rows, channels, null, null, 1e-5, Activation.None, o[1], o[2], o[0]));
        for (int c = 0; c < channels; c++)
        {
            double[] channel = [.. Enumerable.Range(0, rows).Select(row => (double)x[(row * channels) + c])];
            double mean = channel.Average();
            double variance = channel.Average(value => (value - mean) * (value - mean));
            Assert.Equal(mean, results[1][c], 0.004);
            Assert.Equal(1, results[2][c] * Math.Sqrt(variance + 1e-5), 1e-5);
        }
    }

    [Fact]
    public void A_pivot_that_is_off_leaves_the_variance_right()
    {
        // The first rows lie far from all others: a pivot from them alone would cost three digits.
        const int Rows = 4096;
        float[] x = [.. Enumerable.Range(0, Rows).Select(i => i < 8 ? 1000f : i % 2)];
        float[][] results = Run<float>(
            [Rows, 1, 1], (host, o) =>
                BatchNormalization.Forward(With(host, x), Rows, 1, null, null, 1e-5, Activation.None, o[1], o[2], o[0]));
        double mean = x.Average(value => (double)value);
        Assert.Equal(1, results[2][0] * Math.Sqrt(x.Average(value => (value - mean) * (value - mean))), 1e-5);
    }

    [Fact]
    public void A_channel_of_one_value_becomes_zero()
    {
        float[] x = [.. Enumerable.Repeat(0.1f, 300 * 3)];
        float[] y = Run<float>([x.Length, 3, 3],
            (host, o) => BatchNormalization.Forward(With(host, x), 300, 3, null, null, 1e-5, Activation.None, o[1], o[2], o[0]))[0];
        Assert.All(y, value => Assert.Equal(0, value, 1e-4f));
    }

    [Fact]
    public void Running_statistics_move_by_the_momentum_with_the_unbiased_variance()
    {
        float[] x = [1, 10, 2, 20, 3, 30, 6, 40];
        float[][] results = Run<float>([8, 2, 2, 2, 2], (host, o) =>
        {
            o[3].CopyFrom<float>([1, -1]);
            o[4].CopyFrom<float>([2, 4]);
            BatchNormalization.Forward(
                With(host, x), 4, 2, null, null, 1e-5, Activation.None, o[1], o[2], o[0], new RunningStatistics(o[3], o[4], 0.25));
        });
        Assert.Equal([3, 25], results[1]);
        Assert.Equal([(0.75f * 1) + (0.25f * 3), (0.75f * -1) + (0.25f * 25)], results[3]);
        Assert.Equal((0.75 * 2) + (0.25 * 14 / 3), results[4][0], 1e-6);
        Assert.Equal((0.75 * 4) + (0.25 * 500 / 3), results[4][1], 1e-5);
    }

    [Fact]
    public void Output_and_input_may_be_one_storage()
    {
        foreach (int rows in (int[])[37, 1000])
        {
            const int Channels = 19;
            float[] x = TwoDevices.Random<float>(rows * Channels), g = TwoDevices.Random<float>(rows * Channels, 1, 2);
            float[][] apart = Forward((host, o) => With(host, x));
            Assert.Equal(apart[0], Forward((_, o) =>
            {
                o[0].CopyFrom<float>(x);
                return o[0];
            })[0]);
            Assert.Equal(Backward((host, o) => With(host, g)), Backward((_, o) =>
            {
                o[0].CopyFrom<float>(g);
                return o[0];
            }));

            float[][] Forward(Func<CpuDevice, Storage[], Storage> input) => Run<float>([x.Length, Channels, Channels], (host, o) =>
                BatchNormalization.Forward(input(host, o), rows, Channels, null, null, 1e-5, Activation.Relu, o[1], o[2], o[0]));

            float[] Backward(Func<CpuDevice, Storage[], Storage> gradient) =>
                Run<float>([x.Length, Channels, Channels], (host, o) => BatchNormalization.Backward(
                gradient(host, o), With(host, x), rows, Channels, null, null, Activation.Relu, With(host, apart[1]), With(host, apart[2]),
                true, o[1], o[2], o[0]))[0];
        }
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        CpuDevice host = Hosts[0];
        Storage x = With(host, new float[12]), y = With(host, new float[12]), three = With(host, new float[3]),
            m = With(host, new float[3]);
        Refused("BatchNormalization.Forward: x must hold 15 elements, found 12.",
            () => BatchNormalization.Forward(x, 5, 3, null, null, 1e-5, Activation.None, three, m, y));
        Refused("BatchNormalization.Forward: gamma must hold 3 elements, found 12.",
            () => BatchNormalization.Forward(x, 4, 3, y, null, 1e-5, Activation.None, three, m, y));
        Refused("at least 2 rows, found 1",
            () => BatchNormalization.Forward(three, 1, 3, null, null, 1e-5, Activation.None, three, m, With(host, new float[3])));
        Refused<ArgumentOutOfRangeException>("epsilon must be positive",
            () => BatchNormalization.Forward(x, 4, 3, null, null, 0, Activation.None, three, m, y));
        Refused("must be None, Relu or LeakyRelu, found Tanh",
            () => BatchNormalization.Evaluate(x, 4, 3, null, null, Activation.Tanh, three, m, y));
        Refused("dx must hold 12 elements, found 3",
            () => BatchNormalization.Backward(x, y, 4, 3, null, null, Activation.None, three, m, true, three, m, m));
        Refused("x must be Float32 or Float64, found Int32",
            () => BatchNormalization.Evaluate(With(host, new int[12]), 4, 3, null, null, Activation.None, three, m, y));
    }

    /// <summary>The definition, in loops.</summary>
    private static class Plain
    {
        internal static void Check<T>(int rows, int channels, Activation activation, double tolerance) where T : unmanaged, INumber<T>
        {
            int count = rows * channels;
            T[] x = TwoDevices.Random<T>(count, 3, rows), g = TwoDevices.Random<T>(count, 1, channels);
            T[] gamma = TwoDevices.Random<T>(channels, 2, 5), beta = TwoDevices.Random<T>(channels, 1, 6);
            T[][] forward = Run<T>([count, 2 * channels, channels], (host, o) =>
                BatchNormalization.Forward(
                    With(host, x), rows, channels, With(host, gamma), With(host, beta), 1e-5, activation, o[1], o[2], o[0]));
            T[][] backward = Run<T>([count, channels, channels], (host, o) => BatchNormalization.Backward(
                With(host, g), With(host, x), rows, channels, With(host, gamma), With(host, beta), activation, With(host, forward[1]),
                With(host, forward[2]), true, o[1], o[2], o[0]));
            T[] evaluated = Run<T>(count, (host, o) => BatchNormalization.Evaluate(
                With(host, x), rows, channels, With(host, gamma), With(host, beta), activation, With(host, forward[1]),
                With(host, forward[2]), o));
            Assert.Equal(forward[0], evaluated);
            double allowed = tolerance * Math.Sqrt(rows);
            for (int c = 0; c < channels; c++)
            {
                double[] column = Column(x), gradient = Column(g), y = Column(forward[0]), dx = Column(backward[0]);
                double factor = double.CreateTruncating(gamma[c]), term = double.CreateTruncating(beta[c]);
                double mean = column.Average();
                double reciprocal = 1 / Math.Sqrt(column.Average(value => (value - mean) * (value - mean)) + 1e-5);
                double[] z = Array.ConvertAll(column, value => (value - mean) * reciprocal);
                double slope = activation.Kind switch { ActivationKind.Relu => 0, ActivationKind.LeakyRelu => activation.Slope, _ => 1 };
                double[] h = [.. gradient.Select((value, i) => y[i] > 0 || activation.Kind == ActivationKind.None ? value : slope * value)];
                double dBeta = h.Sum(), dGamma = h.Zip(z, (a, b) => a * b).Sum();
                double scale = reciprocal * (1 + Math.Abs(factor)) * rows;
                Close("mean", mean, forward[1][c], 3);
                Close("reciprocal", reciprocal, forward[2][c], reciprocal * 3);
                Close("dbeta", dBeta, backward[2][c], rows);
                Close("dgamma", dGamma, backward[1][c], rows * (1 + (3 * reciprocal)));
                for (int i = 0; i < rows; i++)
                {
                    double linear = (z[i] * factor) + term;
                    Close($"y {i}", linear > 0 ? linear : slope * linear, y[i], (1 + (3 * reciprocal)) * (1 + Math.Abs(factor)));
                    Close($"dx {i}", reciprocal * factor * (h[i] - (dBeta / rows) - (z[i] * dGamma / rows)), dx[i],
                        reciprocal * (1 + Math.Abs(factor)) * 3 * (1 + reciprocal));
                }

                double[] Column(T[] values) =>
                    [.. Enumerable.Range(0, rows).Select(row => double.CreateTruncating(values[(row * channels) + c]))];

                void Close(string what, double expected, object found, double size)
                {
                    double got = Convert.ToDouble(found, System.Globalization.CultureInfo.InvariantCulture);
                    Assert.True(Math.Abs(expected - got) <= allowed * size,
                        $"{what} of channel {c} of [{rows}, {channels}] {activation.Kind} {typeof(T).Name}: expected {expected:R}, found "
                        + $"{got:R}");
                }
            }
        }
    }
}
