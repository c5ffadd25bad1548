using Engine.Kernels.Reductions;
using static Engine.Tests.Movement.Guarded;

namespace Engine.Tests.Reductions;

public sealed class ReduceTests
{
    private delegate void Kernel(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y);

    /// <summary>Rows, columns, both in alternation, one big reduction, lengths beside the vectors, blocks and parts.</summary>
    public static TheoryData<int[], int[]> Cases
    {
        get
        {
            TheoryData<int[], int[]> cases = new()
            {
                { [], [] }, { [1], [0] }, { [1, 1], [1] }, { [5, 1, 3], [1] }, { [64, 784], [1] }, { [64, 784], [-1] },
                { [64, 784], [] }, { [64, 1024], [0] }, { [64, 1021], [0] }, { [100003], [] }, { [3, 40009], [1] }, { [40009, 3], [0] },
                { [40009, 3], [1] }, { [5011, 33], [0] }, { [300, 4100], [0] }, { [2, 9001, 17], [1] }, { [8, 14, 14, 32], [0, 1, 2] },
                { [8, 14, 14, 7], [0, 1, 2] }, { [8, 28, 28, 3], [1, 2] }, { [8, 28, 28, 3], [0, 3] }, { [8, 28, 28, 3], [3, 0, 2] },
                { [100, 64, 50], [0, 2] }, { [17, 19, 23], [0, 2] }, { [17, 19, 23], [1] }, { [3, 2, 4, 5, 2, 67], [0, 2, 4] },
                { [3, 2, 4, 5, 2, 67], [1, 3, 5] }, { [3, 2, 4, 5, 2, 7], [0, 1, 4, 5] }, { [3, 2, 1, 5, 2, 7], [2, 3] },
            };
            foreach (int n in (int[])[2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 129])
            {
                cases.Add([5, n], [1]);
                cases.Add([5, n], [0]);
                cases.Add([257, n], [0]);
                cases.Add([257, n], [1]);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Every_reduction_agrees_with_plain_float64_loops(int[] extents, int[] axes)
    {
        Check<float>(new(extents), axes, 2e-6);
        Check<double>(new(extents), axes, 4e-15);
    }

    [Theory, Rows("1 1 1, 64 10 1, 3 40001 1, 5 17 9, 1 1000 33")]
    public void ArgMax_finds_the_first_of_the_largest(int outer, int extent, int inner)
    {
        ArgMax<float>(outer, extent, inner);
        ArgMax<double>(outer, extent, inner);
    }

    [Theory]
    [InlineData(1, 50)]
    [InlineData(50, 3)]
    public void A_NaN_comes_through_a_maximum_from_any_place(int rows, int columns)
    {
        Shape shape = [rows, columns];
        for (int place = 0; place < shape.Count; place++)
        {
            float[] x = Random<float>(shape.Count);
            x[place] = float.NaN;
            foreach (Kernel kernel in (Kernel[])[Reduce.Max, Reduce.Min, Reduce.Sum, Reduce.LogSumExp])
            {
                Assert.True(float.IsNaN(Run<float>(1, (host, y) => kernel(With(host, x), shape, [], y))[0]));
                Assert.True(float.IsNaN(Run<float>(columns, (host, y) => kernel(With(host, x), shape, [0], y))[place % columns]));
            }

            Assert.Equal(place, Run<int>(1, (host, y) => Reduce.ArgMax(With(host, x), [shape.Count], 0, y))[0]);
            if (columns > 1) Assert.Equal(
                place / columns, Run<int>(columns, (host, y) => Reduce.ArgMax(With(host, x), shape, 0, y))[place % columns]);
        }
    }

    [Fact]
    public void LogSumExp_neither_overflows_nor_makes_NaN_of_infinities()
    {
        const float Infinity = float.PositiveInfinity;
        float[] x = [1000, 1000, -1000, -1000, -Infinity, -Infinity, Infinity, 3, -Infinity, 3];
        float[] y = Run<float>(5, (host, output) => Reduce.LogSumExp(With(host, x), [5, 2], [1], output));
        Assert.Equal([1000 + MathF.Log(2), -1000 + MathF.Log(2), -Infinity, Infinity, 3], y);
    }

    [Fact]
    public void A_large_mean_does_not_cancel_the_variance_away()
    {
        float[] x = [.. Enumerable.Range(0, 1000).Select(i => 10000 + (i % 2))];
        float[][] moments = Run<float>([1, 1], (host, y) => Reduce.Moments(With(host, x), [1000], [], y[0], y[1]));
        Assert.Equal(10000.5f, moments[0][0]);
        Assert.Equal(0.25f, moments[1][0]);
    }

    [Theory]
    [InlineData(4_000_000, 1)]
    [InlineData(1_000_000, 5)]
    public void A_long_sum_of_equal_terms_keeps_its_accuracy(int rows, int columns)
    {
        // Equal terms are the worst case for rounding: all errors of a plain loop point the same way.
        float[] x = new float[rows * columns];
        Array.Fill(x, 0.1f);
        double expected = rows * (double)0.1f;
        float[] y = Run<float>(columns, (host, output) => Reduce.Sum(With(host, x), [rows, columns], [0], output));
        Assert.All(y, sum => Assert.InRange(sum, expected * (1 - 4e-6), expected * (1 + 4e-6)));
    }

    [Theory, Rows("0 3 0, 3 0 1, 0 20 0")]
    public void The_sum_of_nothing_is_zero_and_the_mean_of_nothing_is_refused(int rows, int columns, int axis)
    {
        Shape shape = [rows, columns];
        int outputs = rows + columns;
        Assert.All(Run(outputs, (host, y) => Reduce.Sum(With<float>(host, []), shape, [axis], y), 5f), sum => Assert.Equal(0, sum));
        Assert.Empty(Run<float>(0, (host, y) => Reduce.Max(With<float>(host, []), shape, [1 - axis], y)));
        Storage x = With<float>(Hosts[0], []);
        Storage y = With(Hosts[0], new float[outputs]);
        Storage z = With(Hosts[0], new float[outputs]);
        string sentence = $"expected elements to reduce for each of the {outputs} outputs, found shape {shape}.";
        foreach (Kernel kernel in (Kernel[])[Reduce.Mean, Reduce.Max, Reduce.Min, Reduce.LogSumExp])
            Refused(sentence, () => kernel(x, shape, [axis], y));
        Refused(sentence, () => Reduce.Moments(x, shape, [axis], y, z));
        Storage indices = With(Hosts[0], new int[outputs]);
        Refused("expected elements to choose from along axis", () => Reduce.ArgMax(x, shape, axis, indices));
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        Storage x = With(Hosts[0], new float[12]);
        Storage y = With(Hosts[0], new float[3]);
        Refused("Reduce.Sum: x must hold 15 elements, found 12.", () => Reduce.Sum(x, [3, 5], [1], y));
        Refused("Reduce.Sum: y must hold 4 elements, found 3.", () => Reduce.Sum(x, [3, 4], [0], y));
        Refused("Reduce.Max: expected each axis of [3, 4] at most once, found [1, -1].", () => Reduce.Max(x, [3, 4], [1, -1], y));
        Refused<ArgumentOutOfRangeException>("Expected an axis of shape [3, 4], found axis 2.", () => Reduce.Mean(x, [3, 4], [2], y));
        Refused("must be Float32 or Float64, found Int32",
            () => Reduce.Sum(With(Hosts[0], new int[3]), [3], [], With(Hosts[0], new int[1])));
        Refused("all arguments must hold one type", () => Reduce.Sum(x, [3, 4], [1], With(Hosts[0], new double[3])));
        Refused("all arguments must be on one device", () => Reduce.Sum(x, [3, 4], [1], With(Hosts[1], new float[3])));
        Refused("the variance needs a storage of its own", () => Reduce.Moments(x, [3, 4], [1], y, y));
        Refused("y must be Int32, found Float32", () => Reduce.ArgMax(x, [3, 4], 1, y));
    }

    [Fact]
    public void Scratch_memory_is_given_back()
    {
        using CpuDevice host = new(1);
        Storage x = With(host, new float[100000]);
        Storage y = With(host, new float[1]);
        long before = host.MemoryInUse;
        Reduce.Sum(x, [100000], [], y);
        Assert.Equal(before, host.MemoryInUse);
    }

    private static T[] Random<T>(int length) where T : INumber<T>
    {
        Random random = new(length);
        return [.. Enumerable.Range(0, length).Select(_ => T.CreateTruncating((random.NextDouble() * 8) - 3))];
    }

    private static void Check<T>(Shape shape, int[] axes, double tolerance) where T : unmanaged, INumber<T>
    {
        T[] x = Random<T>(shape.Count);
        double[] wide = Array.ConvertAll(x, double.CreateTruncating);
        bool[] reduced = new bool[shape.Rank];
        foreach (int axis in axes) reduced[shape.Axis(axis)] = true;
        if (axes.Length == 0) Array.Fill(reduced, true);
        Shape left = new([.. Enumerable.Range(0, shape.Rank).Where(axis => !reduced[axis]).Select(axis => shape[axis])]);
        int outputs = left.Count;
        double terms = (double)shape.Count / outputs;

        // The output that each element belongs to, and plain sums.
        int[] output = new int[shape.Count];
        double[] sum = new double[outputs], absolute = new double[outputs], exp = new double[outputs], squares = new double[outputs];
        double[] max = new double[outputs], min = new double[outputs];
        Array.Fill(max, double.NegativeInfinity);
        Array.Fill(min, double.PositiveInfinity);
        for (int i = 0; i < shape.Count; i++)
        {
            int o = 0;
            int step = 1;
            for (int axis = shape.Rank - 1, rest = i; axis >= 0; rest /= shape[axis--])
            {
                if (reduced[axis]) continue;
                o += rest % shape[axis] * step;
                step *= shape[axis];
            }

            output[i] = o;
            sum[o] += wide[i];
            absolute[o] += Math.Abs(wide[i]);
            max[o] = Math.Max(max[o], wide[i]);
            min[o] = Math.Min(min[o], wide[i]);
        }

        for (int i = 0; i < shape.Count; i++)
        {
            exp[output[i]] += Math.Exp(wide[i] - max[output[i]]);
            squares[output[i]] += Math.Pow(wide[i] - (sum[output[i]] / terms), 2);
        }

        double allowed = tolerance * Math.Sqrt(terms);
        void Close(string name, T[] found, Func<int, double> expected, Func<int, double> scale)
        {
            for (int o = 0; o < outputs; o++)
            {
                double error = Math.Abs(double.CreateTruncating(found[o]) - expected(o));
                Assert.True(error <= allowed * scale(o),
                    $"{name} of {shape} over [{string.Join(", ", axes)}] at {o}: expected {expected(o)}, found {found[o]}");
            }
        }

        T[] Of(Kernel kernel) => Run<T>(outputs, (host, y) => kernel(With(host, x), shape, axes, y));
        Close("sum", Of(Reduce.Sum), o => sum[o], o => absolute[o]);
        Close("mean", Of(Reduce.Mean), o => sum[o] / terms, o => absolute[o] / terms);
        Close("max", Of(Reduce.Max), o => max[o], _ => 0);
        Close("min", Of(Reduce.Min), o => min[o], _ => 0);
        Close("log-sum-exp", Of(Reduce.LogSumExp), o => max[o] + Math.Log(exp[o]), o => 1 + Math.Abs(max[o]));
        T[][] moments = Run<T>([outputs, outputs], (host, y) => Reduce.Moments(With(host, x), shape, axes, y[0], y[1]));
        Close("mean", moments[0], o => sum[o] / terms, o => absolute[o] / terms);
        Close("variance", moments[1], o => squares[o] / terms, o => (squares[o] / terms) + 1e-3);
    }

    private static void ArgMax<T>(int outer, int extent, int inner) where T : unmanaged, INumber<T>
    {
        // Few different values, so that there are ties.
        Random random = new(extent);
        T[] x = [.. Enumerable.Range(0, outer * extent * inner).Select(_ => T.CreateTruncating(random.Next(-20, 5)))];
        int[] y = Run<int>(outer * inner, (host, output) => Reduce.ArgMax(With(host, x), [outer, extent, inner], 1, output));
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                int best = 0;
                for (int k = 1; k < extent; k++)
                    if (x[(((o * extent) + k) * inner) + i] > x[(((o * extent) + best) * inner) + i]) best = k;
                Assert.Equal(best, y[(o * inner) + i]);
            }
        }
    }
}
