using static Engine.Tests.Movement.Guarded;

namespace Engine.Tests.Movement;

public sealed class MoveTests
{
    public static TheoryData<int[], int[]> Permutations => new()
    {
        { [], [] }, { [7], [0] }, { [1, 1], [1, 0] }, { [3, 5], [1, 0] }, { [8, 8], [1, 0] }, { [31, 33], [1, 0] }, { [16, 48], [1, 0] },
        { [257, 131], [1, 0] }, { [3, 20000], [1, 0] }, { [20000, 3], [1, 0] }, { [40, 50], [-2, -1] }, { [2, 3, 4], [2, 1, 0] },
        { [9, 17, 33], [0, 2, 1] }, { [9, 17, 33], [1, 0, 2] }, { [9, 17, 33], [1, 2, 0] }, { [4, 1, 28, 28], [0, 2, 3, 1] },
        { [5, 16, 12, 12], [0, 2, 3, 1] }, { [5, 12, 12, 16], [0, 3, 1, 2] }, { [3, 2, 4, 5, 2, 3], [5, 3, 1, 4, 0, 2] },
        { [3, 2, 1, 5, 2, 19], [1, 0, 2, 4, 5, 3] }, { [2, 0, 3], [2, 0, 1] },
    };

    public static TheoryData<int[], int[], int[]> Boxes => new()
    {
        { [], [], [] }, { [10], [3], [5] }, { [50000], [7], [40001] }, { [64, 10], [0, 9], [64, 1] }, { [64, 10], [3, 2], [17, 5] },
        { [64, 10], [3, 0], [17, 10] }, { [64, 10], [64, 0], [0, 10] }, { [4, 9, 9, 3], [1, 2, 0, 1], [2, 5, 9, 2] },
        { [300, 7, 31], [5, 0, 2], [290, 7, 29] }, { [3, 2, 4, 5, 2, 3], [1, 0, 1, 2, 1, 0], [2, 2, 3, 2, 1, 2] },
    };

    [Theory, MemberData(nameof(Permutations))]
    public void Permute_reorders_axes(int[] extents, int[] axes)
    {
        Permute<float>(extents, axes);
        Permute<double>(extents, axes);
        Permute<int>(extents, axes);
    }

    [Theory, MemberData(nameof(Boxes))]
    public void Slice_copies_a_box_and_WriteSlice_puts_it_back(int[] extents, int[] starts, int[] box)
    {
        Slice<float>(extents, starts, box);
        Slice<double>(extents, starts, box);
        Slice<int>(extents, starts, box);
    }

    [Fact]
    public void WriteSlice_concatenates()
    {
        Shape joined = [3, 7];
        float[] y = Run<float>(21, (host, output) =>
        {
            Storage a = With(host, Count<float>(6));
            Storage b = With(host, Count<float>(15));
            Move.WriteSlice(a, [3, 2], output, joined, [0, 0]);
            Move.WriteSlice(b, [3, 5], output, joined, [0, 2]);
        });
        Assert.Equal([0, 1, 0, 1, 2, 3, 4, 2, 3, 5, 6, 7, 8, 9, 4, 5, 10, 11, 12, 13, 14], y);
    }

    [Theory, Rows("1 1, 13 29, 200 301")]
    public void Pad_surrounds_with_a_constant(int height, int width)
    {
        Shape shape = [2, height, width];
        int[] x = Count<int>(shape.Count);
        Shape padded = [2, height + 3, width + 5];
        int[] y = Run<int>(padded.Count, (host, output) => Move.Pad(With(host, x), shape, [0, 1, 4], [0, 2, 1], -7, output));
        int[][] all = Places.All(padded);
        for (int i = 0; i < padded.Count; i++)
        {
            int[] index = all[i];
            bool inside = index[1] >= 1 && index[1] < 1 + height && index[2] >= 4 && index[2] < 4 + width;
            Assert.Equal(inside ? x[Places.At(shape, [index[0], index[1] - 1, index[2] - 4])] : -7, y[i]);
        }
    }

    [Theory, Rows("1 1 1, 10 1 40000, 10 3 1000, 65 48 700, 7 4097 11, 5 8 0, 5 0 4")]
    public void Gather_picks_rows_and_ScatterAdd_adds_them_in_order(int rows, int width, int count)
    {
        GatherAndScatter<float>(rows, width, count);
        GatherAndScatter<double>(rows, width, count);
        GatherAndScatter<int>(rows, width, count);
    }

    [Theory, Values(0, 1, 47, 50021)]
    public void Fill_copy_and_convert(int length)
    {
        Random random = new(length);
        double[] x = new double[length];
        for (int i = 0; i < length; i++) x[i] = random.NextDouble() * 2000 - 1000;
        Assert.Equal(Enumerable.Repeat<float>(0.1f, length), Run<float>(length, (_, y) => Move.Fill(y, 0.1)));
        Assert.Equal(Enumerable.Repeat<double>(0.1, length), Run<double>(length, (_, y) => Move.Fill(y, 0.1)));
        Assert.Equal(Enumerable.Repeat<int>(-3, length), Run<int>(length, (_, y) => Move.Fill(y, -3)));
        Assert.Equal(x, Run<double>(length, (host, y) => Move.Copy(With(host, x), y)));
        Assert.Equal(x, Run<double>(length, (host, y) => Move.Convert(With(host, x), y)));

        float[] single = Run<float>(length, (host, y) => Move.Convert(With(host, x), y));
        Assert.Equal(Array.ConvertAll(x, value => (float)value), single);
        Assert.Equal(Array.ConvertAll(single, value => (double)value),
            Run<double>(length, (host, y) => Move.Convert(With(host, single), y)));
        int[] whole = Run<int>(length, (host, y) => Move.Convert(With(host, x), y));
        Assert.Equal(Array.ConvertAll(x, value => (int)value), whole);
        Assert.Equal(Array.ConvertAll(single, value => (int)value), Run<int>(length, (host, y) => Move.Convert(With(host, single), y)));
        Assert.Equal(Array.ConvertAll(whole, value => (float)value), Run<float>(length, (host, y) => Move.Convert(With(host, whole), y)));
        Assert.Equal(Array.ConvertAll(whole, value => (double)value), Run<double>(length, (host, y) => Move.Convert(With(host, whole), y)));
    }

    [Fact]
    public void Convert_to_int_takes_the_nearest_int_for_what_is_out_of_range_and_0_for_NaN()
    {
        float[] x = [1e20f, -1e20f, float.NaN, float.PositiveInfinity, -2.75f, 2.75f];
        Assert.Equal([int.MaxValue, int.MinValue, 0, int.MaxValue, -2, 2], Run<int>(x.Length, (host, y) => Move.Convert(With(host, x), y)));
    }

    [Fact]
    public void Bad_input_is_refused_with_a_sentence()
    {
        CpuDevice host = Hosts[0];
        Storage x = With(host, Count<float>(12));
        Storage y = With(host, Count<float>(12));
        Refused("Move.Permute: shape [3, 4] needs 2 axes, found [0].", () => Move.Permute(x, [3, 4], [0], y));
        Refused("Move.Permute: the axes must name each axis of [3, 4] once, found [1, -1].", () => Move.Permute(x, [3, 4], [1, -1], y));
        Refused("Move.Permute: x must hold 15 elements, found 12.", () => Move.Permute(x, [3, 5], [1, 0], y));
        Refused("Move.Permute: the output must not be the input.", () => Move.Permute(x, [3, 4], [1, 0], x));
        Refused("Move.Slice: expected a box inside [3, 4], found [3, 4] at [1, 0], of which axis 0 would run from 1 to 4.",
            () => Move.Slice(x, [3, 4], [1, 0], [3, 4], y));
        Refused("needs 2 extents and starts, found [12] and 1 starts", () => Move.WriteSlice(x, [12], y, [3, 4], [0]));
        Refused("paddings must not be negative, found -1 before and 1 after axis 0", () => Move.Pad(x, [12], [-1], [1], 0, y));
        Refused("all arguments must be on one device", () => Move.Copy(x, With(Hosts[1], Count<float>(12))));
        Refused("all arguments must hold one type, found Float32 and Int32", () => Move.Copy(x, With(host, Count<int>(12))));

        Storage indices = With(host, new[] { 0, 3 });
        Storage two = With(host, Count<float>(8));
        Refused<ArgumentOutOfRangeException>("Move.Gather: expected indices of the 3 rows of the table, found 3 at position 1.",
            () => Move.Gather(x, 3, 4, indices, two));
        Refused<ArgumentOutOfRangeException>("Move.ScatterAdd: expected indices of the 3 rows of the table, found 3 at position 1.",
            () => Move.ScatterAdd(two, indices, x, 3, 4));
        Refused("Move.Gather: indices must be Int32, found Float32.", () => Move.Gather(x, 3, 4, With(host, Count<float>(2)), two));
        Refused("Move.Gather: y must hold 8 elements, found 12.", () => Move.Gather(x, 3, 4, indices, y));
        Assert.Equal(Count<float>(12), x.AsSpan<float>().ToArray());
        Assert.Equal(Count<float>(8), two.AsSpan<float>().ToArray());
    }

    private static T[] Count<T>(int length) where T : INumber<T> => [.. Enumerable.Range(0, length).Select(T.CreateTruncating)];

    private static void Permute<T>(int[] extents, int[] axes) where T : unmanaged, INumber<T>
    {
        Shape shape = new(extents);
        T[] x = Count<T>(shape.Count);
        T[] y = Run<T>(shape.Count, (host, output) => Move.Permute(With(host, x), shape, axes, output));
        Shape permuted = new([.. axes.Select(axis => shape[axis])]);
        int[][] all = Places.All(permuted);
        for (int i = 0; i < y.Length; i++)
        {
            int[] index = all[i];
            int[] source = new int[shape.Rank];
            for (int axis = 0; axis < shape.Rank; axis++) source[shape.Axis(axes[axis])] = index[axis];
            Assert.Equal(x[Places.At(shape, source)], y[i]);
        }
    }

    private static void Slice<T>(int[] extents, int[] starts, int[] box) where T : unmanaged, INumber<T>
    {
        Shape shape = new(extents);
        Shape inner = new(box);
        T[] x = Count<T>(shape.Count);
        T[] y = Run<T>(inner.Count, (host, output) => Move.Slice(With(host, x), shape, starts, inner, output));
        T[] expected = new T[shape.Count];
        Array.Fill(expected, -T.One);
        int[][] all = Places.All(inner);
        for (int i = 0; i < y.Length; i++)
        {
            int[] index = [.. all[i].Zip(starts, (a, b) => a + b)];
            Assert.Equal(x[Places.At(shape, index)], y[i]);
            expected[Places.At(shape, index)] = y[i];
        }

        Assert.Equal(expected, Run(shape.Count, (host, output) => Move.WriteSlice(With(host, y), inner, output, shape, starts), -T.One));
    }

    private static void GatherAndScatter<T>(int rows, int width, int count) where T : unmanaged, INumber<T>
    {
        Random random = new(rows + width + count);
        T[] table = [.. Enumerable.Range(0, rows * width).Select(_ => T.CreateTruncating((random.NextDouble() - 0.5) * 1000))];
        int[] indices = [.. Enumerable.Range(0, count).Select(_ => random.Next(rows))];
        T[] picked = Run<T>(count * width, (host, y) => Move.Gather(With(host, table), rows, width, With(host, indices), y));
        T[] sums = new T[rows * width];
        Array.Fill(sums, T.One);
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < width; j++)
            {
                Assert.Equal(table[(indices[i] * width) + j], picked[(i * width) + j]);
                sums[(indices[i] * width) + j] += picked[(i * width) + j];
            }
        }

        Assert.Equal(sums, Run(rows * width, (host, y) => Move.ScatterAdd(With(host, picked), With(host, indices), y, rows, width), T.One));
    }
}
