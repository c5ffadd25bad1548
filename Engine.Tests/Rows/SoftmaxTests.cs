using static Engine.Tests.Movement.Guarded;

namespace Engine.Tests.Rows;

public sealed class SoftmaxTests
{
    private const float Infinity = float.PositiveInfinity;

    public static TheoryData<int, int> Shapes
    {
        get
        {
            TheoryData<int, int> shapes = new() { { 0, 5 }, { 5, 0 }, { 1, 50000 }, { 3000, 10 }, { 70, 257 }, { 3, 9001 } };
            foreach (int n in (int[])[1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 65]) shapes.Add(5, n);
            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Softmax_and_its_derivatives_agree_with_plain_float64_loops(int rows, int columns)
    {
        Check<float>(rows, columns, 2e-6);
        Check<double>(rows, columns, 4e-15);
    }

    [Fact]
    public void Nothing_overflows_and_masked_places_weigh_nothing()
    {
        float[] x = [1e4f, 1e4f, -Infinity, -1e30f, -1e30f, -Infinity, 5, -Infinity, -Infinity];
        float[] y = Run<float>(9, (host, output) => Softmax.Run(With(host, x), 3, 3, output));
        Assert.Equal([0.5f, 0.5f, 0, 0.5f, 0.5f, 0, 1, 0, 0], y);
        float[] log = Run<float>(9, (host, output) => Softmax.Log(With(host, x), 3, 3, output));
        float half = -MathF.Log(2);
        Assert.Equal([half, half, -Infinity, half, half, -Infinity, 0, -Infinity, -Infinity], log);
    }

    [Fact]
    public void A_row_without_any_weight_is_NaN_and_leaves_other_rows_alone()
    {
        float[] x = [-Infinity, -Infinity, 1, 1, 0, float.NaN];
        float[] expected = [float.NaN, float.NaN, 0.5f, 0.5f, float.NaN, float.NaN];
        Assert.Equal(expected, Run<float>(6, (host, output) => Softmax.Run(With(host, x), 3, 2, output)));
    }

    [Fact]
    public void Output_and_input_may_be_one_storage()
    {
        float[] x = [.. Enumerable.Range(0, 5 * 37).Select(i => MathF.Sin(i))];
        float[] g = [.. Enumerable.Range(0, 5 * 37).Select(i => MathF.Cos(i))];
        float[] apart = Run<float>(x.Length, (host, y) => Softmax.Run(With(host, x), 5, 37, y));
        Assert.Equal(apart, Run<float>(x.Length, (_, y) =>
        {
            y.CopyFrom<float>(x);
            Softmax.Run(y, 5, 37, y);
        }));
        Assert.Equal(
            Run<float>(x.Length, (host, dx) => Softmax.LogBackward(With(host, g), With(host, apart), 5, 37, dx)),
            Run<float>(x.Length, (host, dx) =>
            {
                dx.CopyFrom<float>(g);
                Softmax.LogBackward(dx, With(host, apart), 5, 37, dx);
            }));
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        Storage x = With(Hosts[0], new float[12]);
        Storage y = With(Hosts[0], new float[12]);
        Refused("Softmax.Run: x must hold 15 elements, found 12.", () => Softmax.Run(x, 3, 5, y));
        Refused("Softmax.Log: y must hold 12 elements, found 3.", () => Softmax.Log(x, 3, 4, With(Hosts[0], new float[3])));
        Refused("Softmax.Backward: dx must hold 12 elements, found 3.", () => Softmax.Backward(x, y, 3, 4, With(Hosts[0], new float[3])));
        Refused("Softmax.Run: x must be Float32 or Float64, found Int32.",
            () => Softmax.Run(With(Hosts[0], new int[2]), 1, 2, With(Hosts[0], new int[2])));
        Refused("Softmax.LogBackward: all arguments must be on one device",
            () => Softmax.LogBackward(x, With(Hosts[1], new float[12]), 3, 4, y));
    }

    private static void Check<T>(int rows, int columns, double tolerance) where T : unmanaged, INumber<T>
    {
        Random random = new(rows + columns);
        int count = rows * columns;
        T[] x = [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating((random.NextDouble() * 12) - 6))];
        T[] g = [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating((random.NextDouble() * 2) - 1))];
        T[] y = Run<T>(count, (host, output) => Softmax.Run(With(host, x), rows, columns, output));
        T[] log = Run<T>(count, (host, output) => Softmax.Log(With(host, x), rows, columns, output));
        T[] dx = Run<T>(count, (host, output) => Softmax.Backward(With(host, g), With(host, y), rows, columns, output));
        T[] dLog = Run<T>(count, (host, output) => Softmax.LogBackward(With(host, g), With(host, log), rows, columns, output));
        double allowed = tolerance * Math.Sqrt(columns);
        for (int row = 0; row < rows && columns > 0; row++)
        {
            double[] Row(T[] values) => Array.ConvertAll(values[(row * columns)..((row + 1) * columns)], double.CreateTruncating);
            double[] wide = Row(x);
            double maximum = wide.Max();
            double sum = wide.Sum(value => Math.Exp(value - maximum));
            double[] gradient = Row(g), probability = Row(y), logProbability = Row(log), dxRow = Row(dx), dLogRow = Row(dLog);
            double dot = 0, absoluteDot = 0;
            for (int i = 0; i < columns; i++)
            {
                dot += gradient[i] * probability[i];
                absoluteDot += Math.Abs(gradient[i] * probability[i]);
            }

            double total = gradient.Sum();
            double absolute = gradient.Sum(Math.Abs);
            for (int i = 0; i < columns; i++)
            {
                double expected = Math.Exp(wide[i] - maximum) / sum;
                Close("softmax", row, i, expected, probability[i], expected);
                Close("log-softmax", row, i, wide[i] - maximum - Math.Log(sum), logProbability[i],
                    1 + Math.Abs(maximum) + Math.Abs(wide[i]));
                Close("softmax derivative", row, i, probability[i] * (gradient[i] - dot), dxRow[i],
                    probability[i] * (Math.Abs(gradient[i]) + absoluteDot));
                double exp = Math.Exp(logProbability[i]);
                Close("log-softmax derivative", row, i, gradient[i] - (exp * total), dLogRow[i], Math.Abs(gradient[i]) + (exp * absolute));
            }
        }

        void Close(string name, int row, int column, double expected, double found, double scale) =>
            Assert.True(Math.Abs(found - expected) <= allowed * scale,
                $"{name} at [{row}, {column}] of {rows} x {columns}: expected {expected}, found {found}");
    }
}
