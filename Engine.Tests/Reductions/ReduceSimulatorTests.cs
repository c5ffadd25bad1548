using System.Numerics;
using Engine.Kernels;
using Engine.Kernels.Reductions;
using Engine.Tests.Gpu;
using Engine.Tests.Movement;
using Xunit;

namespace Engine.Tests.Reductions;

public sealed class ReduceSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private delegate void Kernel(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y);

    /// <summary>Rows for threads, warps and groups, whole fours or not, columns, both in alternation, and parts of either.</summary>
    public static TheoryData<int[], int[]> Cases => new()
    {
        { [], [] },
        { [5, 1, 3], [1] },
        { [9, 7], [1] },
        { [9, 7], [0] },
        { [3, 127], [1] },
        { [3, 128], [-1] },
        { [2, 1500], [1] },
        { [257, 5], [0] },
        { [600, 3], [0] },
        { [2, 1100, 2], [1] },
        { [8, 7, 6, 3], [0, 1, 2] },
        { [8, 7, 6, 3], [1, 2] },
        { [4, 7, 6, 13], [0, 3] },
        { [3, 2, 4, 5, 2, 7], [0, 2, 4] },
        { [3, 2, 4, 5, 2, 7], [1, 3, 5] },
        { [4099, 5], [1] },
        { [4096, 8], [1] },
        { [9, 516], [1] },
        { [2, 8194], [1] },
        { [17000], [] },
        { [17001], [] },
        { [700, 12], [0] },
        { [3, 260], [0] },
        { [1, 1030], [0] },
        { [2, 300, 20], [1] },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Every_reduction_agrees_with_the_host(int[] extents, int[] axes)
    {
        Check<float>(new(extents), axes, 2e-6);
        Check<double>(new(extents), axes, 4e-15);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(9, 10, 1)]
    [InlineData(3, 17, 5)]
    public void ArgMax_finds_the_first_of_the_largest(int outer, int extent, int inner)
    {
        Shape shape = [outer, extent, inner];
        float[] x = [.. TwoDevices.Random<float>(shape.Count, 4).Select(v => MathF.Round(v))];
        Assert.Equal(Of(devices.Cpu, x), Of(devices.Gpu, x));
        for (int i = 0; i < x.Length; i += 3) x[i] = float.NaN;
        Assert.Equal(Of(devices.Cpu, x), Of(devices.Gpu, x));
        double[] wide = Array.ConvertAll(x, v => (double)v);
        Assert.Equal(Of(devices.Cpu, wide), Of(devices.Gpu, wide));

        int[] Of(Device device, Array values) =>
            TwoDevices.On(device, new int[outer * inner], (s, y) => Reduce.ArgMax(s[0], shape, 1, y), values);
    }

    [Fact]
    public void Infinities_and_NaN_come_through()
    {
        const float Infinity = float.PositiveInfinity;
        float[] x = [1000, 1000, -1000, -1000, -Infinity, -Infinity, Infinity, 3, -Infinity, 3, float.NaN, 1];
        foreach (Kernel kernel in (Kernel[])[Reduce.LogSumExp, Reduce.Max, Reduce.Min, Reduce.Sum])
            devices.Agree<float>(2e-7, 0, 6, (s, y) => kernel(s[0], [6, 2], [1], y), x);
        float[] row = [.. TwoDevices.Random<float>(300)];
        row[299] = float.NaN;
        Assert.True(float.IsNaN(devices.Agree<float>(0, 0, 1, (s, y) => Reduce.Max(s[0], [300], [], y), row)[0]));
    }

    [Fact]
    public void The_sum_of_nothing_is_zero() =>
        Assert.Equal(new float[4],
            TwoDevices.On(devices.Gpu, TwoDevices.Random<float>(4), (s, y) => Reduce.Sum(s[0], [0, 4], [0], y), Array.Empty<float>()));

    private void Check<T>(Shape shape, int[] axes, double tolerance) where T : unmanaged, INumber<T>
    {
        T[] x = TwoDevices.Random<T>(shape.Count, 3);
        bool[] reduced = new bool[shape.Rank];
        foreach (int axis in axes) reduced[shape.Axis(axis)] = true;
        if (axes.Length == 0) Array.Fill(reduced, true);
        Shape left = new([.. Enumerable.Range(0, shape.Rank).Where(axis => !reduced[axis]).Select(axis => shape[axis])]);
        List<double>[] terms = [.. Enumerable.Range(0, left.Count).Select(_ => new List<double>())];
        for (int i = 0; i < shape.Count; i++)
        {
            int[] at = Indices.At(shape, i);
            terms[Indices.Of(left, [.. at.Where((_, axis) => !reduced[axis])])].Add(double.CreateTruncating(x[i]));
        }

        Holds(Reduce.Sum, t => t.Sum(), t => t.Sum(Math.Abs));
        Holds(Reduce.Mean, t => t.Average(), t => t.Sum(Math.Abs) / t.Count);
        Holds(Reduce.Max, t => t.Max(), _ => 0);
        Holds(Reduce.Min, t => t.Min(), _ => 0);
        Holds(Reduce.LogSumExp, t => Math.Log(t.Sum(Math.Exp)), t => 4 + t.Max());
        Holds((s, of, over, y) => Reduce.Moments(s, of, over, s.Device.Allocate(s.DType, y.Length), y), Variance, t => Variance(t) + 1e-6);

        static double Variance(List<double> terms)
        {
            double mean = terms.Average();
            return terms.Sum(v => (v - mean) * (v - mean)) / terms.Count;
        }

        void Holds(Kernel kernel, Func<List<double>, double> expected, Func<List<double>, double> scale)
        {
            T[] found = devices.Run(new T[left.Count], (s, y) => kernel(s[0], shape, axes, y), x).Gpu;
            for (int i = 0; i < found.Length; i++)
            {
                double error = Math.Abs(double.CreateTruncating(found[i]) - expected(terms[i]));
                Assert.True(error <= tolerance * Math.Sqrt(terms[i].Count) * scale(terms[i]),
                    $"{kernel.Method.Name} of {shape} over [{string.Join(", ", axes)}]: output {i} is {found[i]}, expected "
                    + $"{expected(terms[i])}");
            }
        }
    }
}
