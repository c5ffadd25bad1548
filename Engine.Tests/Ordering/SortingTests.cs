using Engine.Kernels.Devices.Gpu;
using Engine.Kernels.Ordering;
using Engine.Kernels.Ordering.Gpu;

namespace Engine.Tests.Ordering;

/// <summary>Orders of rows beside a stable sort by comparison: ties, signed zeros, infinities and NaN.</summary>
[Collection("simulator")]
public sealed class SortingTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private static readonly double[] s_special =
        [0, -0.0, double.NaN, 1, -1, double.PositiveInfinity, double.NegativeInfinity, 1e-40, -1e-40, 3e38, 0.5, 0.5, -double.NaN];

    [Theory, Rows("1 1 1, 1 2 1, 3 5 5, 2 13 4, 4 64 64, 2 67 0, 2 67 3, 7 33 33, 1 300 150")]
    public void Orders_are_those_of_a_stable_sort(int rows, int columns, int places)
    {
        foreach (bool descending in new[] { false, true })
        {
            double[] x = Values(rows * columns, seed: columns);
            int[] expected = Expected(x, rows, columns, places, descending);
            foreach (Device device in new[] { devices.Cpu, devices.Gpu })
            {
                Assert.Equal(expected, Of(device, x));
                Assert.Equal(expected, Of(device, Array.ConvertAll(x, v => (float)v)));
            }

            int[] Of(Device device, Array values) => TwoDevices.On(
                device, new int[rows * places], (s, y) => Sorting.ArgSort(s[0], rows, columns, descending, places, y), values);
        }
    }

    /// <summary>The merge sort of long rows, on short ones of every length up to some.</summary>
    [Fact]
    public void Merging_sorts_rows_of_any_length()
    {
        foreach (int columns in Enumerable.Range(1, 20).Concat([31, 33, 64, 100]))
        {
            double[] x = Values(2 * columns, seed: columns);
            int places = (columns + 1) / 2;
            bool descending = columns % 2 == 0;
            int[] indices = TwoDevices.On(devices.Gpu, new int[2 * places], (s, y) => GpuSorting.Merge<double>(
                (GpuDevice)devices.Gpu, s[0], 2, columns, descending, places, y), x);
            Assert.Equal(Expected(x, 2, columns, places, descending), indices);
        }
    }

    [Fact]
    public void Ties_of_tensors_go_by_their_places_and_gradients_to_them()
    {
        foreach (Device device in new[] { devices.Cpu, devices.Gpu })
        {
            using Tape tape = new(device);
            Tensor x = tape.Watch(Tensor.From([2f, float.NaN, 1, 2, 1, 2], [2, 3], device));
            Tensor sorted = x.Sort(out Tensor order);
            Assert.Equal([1, 2, float.NaN, 1, 2, 2], sorted.ToArray());
            Assert.Equal([2, 0, 1, 1, 0, 2], order.ToInts());
            Tensor top = x.TopK(2, out Tensor places, axis: -1);
            Assert.Equal([float.NaN, 2, 2, 2], top.ToArray());
            Assert.Equal([1, 0, 0, 2], places.ToInts());
            Tensor gradient = tape.Gradients(top, Tensor.From([1f, 2, 3, 4], [2, 2], device), [x])[0];
            Assert.Equal([2, 1, 0, 3, 0, 4], gradient.ToArray());
            Assert.Equal([2, float.NaN, 2, 2, 1, 1], x.Sort(out order, axis: 0, descending: true).ToArray());
            Assert.Equal([0, 0, 1, 1, 1, 0], order.ToInts());
        }
    }

    private static double[] Values(int count, int seed)
    {
        Random random = new(seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) values[i] =
            random.Next(3) == 0 ? s_special[random.Next(s_special.Length)] : (float)Math.Round(random.NextDouble() * 8 - 4);
        return values;
    }

    private static int[] Expected(double[] x, int rows, int columns, int places, bool descending)
    {
        Comparer<double> order = Comparer<double>.Create((a, b) =>
            (descending ? -1 : 1) * (double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b))
                : a < b ? -1 : a > b ? 1 : 0));
        return [.. Enumerable.Range(0, rows).SelectMany(row => Enumerable.Range(0, columns)
            .OrderBy(i => x[(row * columns) + i], order).Take(places))];
    }
}
