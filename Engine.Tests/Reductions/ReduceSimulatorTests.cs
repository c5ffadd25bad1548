using Engine.Kernels.Reductions;

namespace Engine.Tests.Reductions;

[Collection("simulator")]
public sealed class ReduceSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private delegate void Kernel(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y);

    /// <summary>Rows for threads, warps and groups, whole fours or not, columns, both in alternation, and parts of either.</summary>
    public static TheoryData<int[], int[]> Cases => new()
    {
        { [], [] }, { [5, 1, 3], [1] }, { [9, 7], [1] }, { [9, 7], [0] }, { [3, 127], [1] }, { [3, 128], [-1] }, { [2, 1100], [1] },
        { [257, 5], [0] }, { [600, 3], [0] }, { [2, 1100, 2], [1] }, { [3, 7, 6, 3], [0, 1, 2] }, { [3, 7, 6, 3], [1, 2] },
        { [3, 2, 5, 13], [0, 3] }, { [2, 3, 2, 3, 2, 5], [0, 2, 4] }, { [2, 3, 2, 3, 2, 5], [1, 3, 5] }, { [4099, 5], [1] },
        { [4096, 8], [1] }, { [3, 516], [1] }, { [2, 4098], [1] }, { [8200], [] }, { [8201], [] }, { [700, 12], [0] }, { [3, 260], [0] },
        { [1, 1030], [0] }, { [2, 300, 20], [1] },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Every_reduction_agrees_with_the_host(int[] extents, int[] axes)
    {
        Shape shape = new(extents);
        Check<float>(shape, axes, 2e-6, isWhole: !KernelDevice.IsSimulator || shape.Rank == 1 || shape.Count <= 1300);

        // In float64 the walks are the same; the smaller shapes show the kernels of that type.
        if (!KernelDevice.IsSimulator || shape.Count <= 400) Check<double>(shape, axes, 4e-15, isWhole: !KernelDevice.IsSimulator);
    }

    [Theory, Rows("1 1 1, 9 10 1, 3 17 5, 5 31 1, 5 32 1, 5 33 1, 3 257 1, 2 700 1, 1 1500 1, 4100 5 1")]
    public void ArgMax_finds_the_first_of_the_largest(int outer, int extent, int inner)
    {
        Shape shape = [outer, extent, inner];
        float[] x = [.. TwoDevices.Random<float>(shape.Count, 4).Select(v => MathF.Round(v))];
        Same();
        Array.Fill(x, float.NegativeInfinity);
        Same();

        // A NaN at the end of every third row, then at several places of all.
        for (int row = 0; row < outer; row += 3) x[(((row * extent) + extent - 1) * inner)] = float.NaN;
        Same();
        for (int i = 0; i < x.Length; i += 3) x[i] = float.NaN;
        Same();

        void Same()
        {
            Assert.Equal(Of(devices.Cpu, x), Of(devices.Gpu, x));
            double[] wide = Array.ConvertAll(x, v => (double)v);
            Assert.Equal(Of(devices.Cpu, wide), Of(devices.Gpu, wide));
        }

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

    /// <summary>
    /// Against the host, which <see cref="ReduceTests"/> holds against plain float64 loops: all reductions, or a sum and the two passes of
    /// a variance alone, since the others go down an array as they do.
    /// </summary>
    private void Check<T>(Shape shape, int[] axes, double tolerance, bool isWhole) where T : unmanaged, INumber<T>
    {
        T[] x = TwoDevices.Random<T>(shape.Count, 3);
        int terms = axes.Length == 0 ? shape.Count : axes.Aggregate(1, (product, axis) => product * shape[shape.Axis(axis)]);
        int outputs = shape.Count / terms;
        double rounding = tolerance * Math.Sqrt(terms);
        Agree(Reduce.Sum, rounding, 2 * terms);
        Agree((s, of, over, y) => Reduce.Moments(s, of, over, y, s.Device.Allocate(s.DType, y.Length)), rounding, 2);
        Agree((s, of, over, y) => Reduce.Moments(s, of, over, s.Device.Allocate(s.DType, y.Length), y), rounding, 3);
        if (!isWhole) return;
        Agree(Reduce.Mean, rounding, 2);
        Agree(Reduce.Max, 0, 0);
        Agree(Reduce.Min, 0, 0);
        Agree(Reduce.LogSumExp, rounding, 7);

        void Agree(Kernel kernel, double allowed, double scale) =>
            devices.Agree<T>(allowed, scale, outputs, (s, y) => kernel(s[0], shape, axes, y), x);
    }
}
