using static Engine.Tests.Movement.Guarded;

namespace Engine.Tests.Norms;

public sealed class GroupNormalizationTests
{
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 0, 3, 4, 2 }, { 1, 1, 3, 1 }, { 3, 1, 8, 2 }, { 2, 7, 15, 3 }, { 2, 5, 16, 16 }, { 3, 4, 17, 1 }, { 2, 300, 12, 4 },
        { 5, 256, 64, 8 }, { 200, 9, 6, 2 }, { 1, 1, 4099, 1 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Both_passes_agree_with_plain_float64_loops(int images, int positions, int channels, int groups)
    {
        Check<float>(new(images, positions, channels, groups), 2e-6, asLayer: false);
        Check<double>(new(images, positions, channels, groups), 4e-15, asLayer: false);
    }

    public static TheoryData<int, int> Rows
    {
        get
        {
            TheoryData<int, int> rows = new() { { 0, 5 }, { 4000, 10 }, { 70, 257 }, { 3, 9001 }, { 300, 512 } };
            foreach (int n in (int[])[2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65]) rows.Add(5, n);
            return rows;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void Layer_normalisation_agrees_with_plain_float64_loops(int rows, int columns)
    {
        Check<float>(new(rows, 1, columns, 1), 2e-6, asLayer: true);
        Check<double>(new(rows, 1, columns, 1), 4e-15, asLayer: true);
    }

    [Fact]
    public void A_large_mean_does_not_cancel_the_variance_away()
    {
        Random random = new(1);
        float[] x = [.. Enumerable.Range(0, 2 * 100 * 6).Select(_ => 100_000f + (random.Next(-64, 65) / 32f))];
        double variance = x[..600].Average(value => (double)value * value) - Math.Pow(x[..600].Average(value => (double)value), 2);
        foreach (bool asLayer in (bool[])[false, true])
        {
            float[][] results = Run<float>([x.Length, 2, 2], (host, o) =>
            {
                if (asLayer) LayerNormalization.Forward(With(host, x), 2, 600, null, null, 1e-5, o[1], o[2], o[0]);
                else GroupNormalization.Forward(With(host, x), new(2, 100, 6, 1), null, null, 1e-5, o[1], o[2], o[0]);
            });
            Assert.Equal(1, results[2][0] * Math.Sqrt(variance + 1e-5), 1e-4);
        }
    }

    [Fact]
    public void Output_and_input_may_be_one_storage()
    {
        GroupNormShape shape = new(3, 7, 18, 2);
        float[] x = TwoDevices.Random<float>(3 * 7 * 18);
        float[] apart = Run<float>(
            [x.Length, 6, 6], (host, o) => GroupNormalization.Forward(With(host, x), shape, null, null, 1e-5, o[1], o[2], o[0]))[0];
        Assert.Equal(apart, Run<float>([x.Length, 6, 6], (_, o) =>
        {
            o[0].CopyFrom<float>(x);
            GroupNormalization.Forward(o[0], shape, null, null, 1e-5, o[1], o[2], o[0]);
        })[0]);
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        CpuDevice host = Hosts[0];
        Storage x = With(host, new float[12]), y = With(host, new float[12]), three = With(host, new float[3]),
            six = With(host, new float[6]);
        Refused("4 groups of 6 channels", () => GroupNormalization.Forward(x, new(2, 1, 6, 4), null, null, 1e-5, six, six, y));
        Refused("0 groups", () => GroupNormalization.Forward(x, new(2, 1, 6, 0), null, null, 1e-5, six, six, y));
        Refused("GroupNormalization.Forward: mean must hold 6 elements, found 3.",
            () => GroupNormalization.Forward(x, new(2, 1, 6, 3), null, null, 1e-5, three, six, y));
        Refused("LayerNormalization.Forward: gamma must hold 3 elements, found 6.",
            () => LayerNormalization.Forward(x, 4, 3, six, null, 1e-5, three, three, y));
        Refused("LayerNormalization.Backward: dGamma must hold 3 elements, found 6.",
            () => LayerNormalization.Backward(x, y, 4, 3, null, With(host, new float[4]), With(host, new float[4]), six, three, y));
        Refused("GroupNormalization.ForwardSilu: shift must hold 12 elements, found 6.",
            () => GroupNormalization.ForwardSilu(x, new(2, 1, 6, 3), null, null, six, 1e-5, six, six, null, y));
        Refused("dShift needs the distances",
            () => GroupNormalization.BackwardSilu(y, x, new(2, 1, 6, 3), null, null, x, six, six, null, six, six, x, y));
        Refused<ArgumentOutOfRangeException>("epsilon must be positive",
            () => LayerNormalization.Forward(x, 2, 6, null, null, double.NaN, With(host, new float[2]), With(host, new float[2]), y));
    }

    private static void Check<T>(GroupNormShape shape, double tolerance, bool asLayer) where T : unmanaged, INumber<T>
    {
        (int images, int positions, int channels, int groups) = shape;
        int count = images * positions * channels, statistics = images * groups, width = channels / groups, terms = positions * width;
        T[] x = TwoDevices.Random<T>(count, 3), g = TwoDevices.Random<T>(count, 1, 2), gamma = TwoDevices.Random<T>(channels, 2, 3),
            beta = TwoDevices.Random<T>(channels, 1, 4);
        T[][] forward = Run<T>([count, statistics, statistics], (host, o) =>
        {
            if (asLayer) LayerNormalization.Forward(
                With(host, x), images, channels, With(host, gamma), With(host, beta), 1e-5, o[1], o[2], o[0]);
            else GroupNormalization.Forward(With(host, x), shape, With(host, gamma), With(host, beta), 1e-5, o[1], o[2], o[0]);
        });
        T[][] backward = Run<T>([count, channels, channels], (host, o) =>
        {
            if (asLayer) LayerNormalization.Backward(
                With(host, g), With(host, x), images, channels, With(host, gamma), With(host, forward[1]), With(host, forward[2]), o[1],
                o[2], o[0]);
            else GroupNormalization.Backward(
                With(host, g), With(host, x), shape, With(host, gamma), With(host, forward[1]), With(host, forward[2]), o[1], o[2], o[0]);
        });
        double allowed = tolerance * Math.Sqrt(terms);
        double[] dGamma = new double[channels], dBeta = new double[channels];
        double largest = 1;
        for (int statistic = 0; statistic < statistics; statistic++)
        {
            int[] places =
            [
                .. from position in Enumerable.Range(0, positions)
                   from c in Enumerable.Range(statistic % groups * width, width)
                   select (((statistic / groups * positions) + position) * channels) + c,
            ];
            double[] values = Array.ConvertAll(places, i => double.CreateTruncating(x[i]));
            double[] gradients = Array.ConvertAll(places, i => double.CreateTruncating(g[i]));
            double[] factors = Array.ConvertAll(places, i => double.CreateTruncating(gamma[i % channels]));
            double mean = values.Average();
            double reciprocal = 1 / Math.Sqrt(values.Average(value => (value - mean) * (value - mean)) + 1e-5);
            double[] z = Array.ConvertAll(values, value => (value - mean) * reciprocal);
            double[] h = [.. gradients.Zip(factors, (a, b) => a * b)];
            double meanOfH = h.Average(), meanOfProducts = h.Zip(z, (a, b) => a * b).Average();
            largest = Math.Max(largest, reciprocal);
            for (int i = 0; i < places.Length; i++)
            {
                int at = places[i];
                dBeta[at % channels] += gradients[i];
                dGamma[at % channels] += gradients[i] * z[i];
                Close("y", at, (z[i] * factors[i]) + double.CreateTruncating(beta[at % channels]), forward[0][at],
                    3 * (1 + (3 * reciprocal)));
                Close("dx", at, reciprocal * (h[i] - meanOfH - (z[i] * meanOfProducts)), backward[0][at],
                    6 * reciprocal * (1 + reciprocal));
            }
        }

        for (int c = 0; c < channels; c++)
        {
            Close("dgamma", c, dGamma[c], backward[1][c], Math.Sqrt(images * positions) * (1 + (3 * largest)) * 3);
            Close("dbeta", c, dBeta[c], backward[2][c], Math.Sqrt(images * positions) * 3);
        }

        void Close(string what, int at, double expected, T found, double size)
        {
            double got = double.CreateTruncating(found);
            Assert.True(Math.Abs(expected - got) <= allowed * size,
                $"{what} {at} of {shape} {typeof(T).Name}: expected {expected:R}, found {got:R}");
        }
    }
}
