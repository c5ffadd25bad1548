namespace Engine.Tests.Movement;

/// <summary>Nothing is computed here, so that the simulator has to give the bits of the host.</summary>
[Collection("simulator")]
public sealed class MoveSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory]
    [InlineData(new int[0], new int[0])]
    [InlineData(new[] { 7 }, new[] { 0 })]
    [InlineData(new[] { 3, 5 }, new[] { 1, 0 })]
    [InlineData(new[] { 33, 35 }, new[] { 1, 0 })]
    [InlineData(new[] { 4, 1, 6, 5 }, new[] { 0, 2, 3, 1 })]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 1, 0 })]
    [InlineData(new[] { 2, 3, 33, 34 }, new[] { 0, 1, 3, 2 })]
    [InlineData(new[] { 3, 2, 4, 5, 2, 3 }, new[] { 5, 3, 1, 4, 0, 2 })]
    [InlineData(new[] { 2, 0, 3 }, new[] { 2, 0, 1 })]
    public void Permute(int[] extents, int[] axes)
    {
        Shape shape = new(extents);
        Same<float>(shape.Count, (s, y) => Move.Permute(s[0], shape, axes, y), TwoDevices.Random<float>(shape.Count));
        Same<double>(shape.Count, (s, y) => Move.Permute(s[0], shape, axes, y), TwoDevices.Random<double>(shape.Count));
    }

    [Theory]
    [InlineData(new int[0], new int[0], new int[0])]
    [InlineData(new[] { 10 }, new[] { 3 }, new[] { 5 })]
    [InlineData(new[] { 9, 10 }, new[] { 0, 9 }, new[] { 9, 1 })]
    [InlineData(new[] { 9, 10 }, new[] { 3, 0 }, new[] { 6, 10 })]
    [InlineData(new[] { 4, 9, 9, 3 }, new[] { 1, 2, 0, 1 }, new[] { 2, 5, 9, 2 })]
    [InlineData(new[] { 4, 9 }, new[] { 4, 0 }, new[] { 0, 9 })]
    public void Slice_and_write_slice(int[] extents, int[] starts, int[] box)
    {
        Shape shape = new(extents), boxShape = new(box);
        Same<float>(boxShape.Count, (s, y) => Move.Slice(s[0], shape, starts, boxShape, y), TwoDevices.Random<float>(shape.Count));
        Same<double>(shape.Count, (s, y) => Move.WriteSlice(s[0], boxShape, y, shape, starts), TwoDevices.Random<double>(boxShape.Count));
        Same<int>(shape.Count, (s, y) => Move.WriteSlice(s[0], boxShape, y, shape, starts), TwoDevices.Random<int>(boxShape.Count, 1000));
    }

    [Fact]
    public void Pad_fill_and_copy()
    {
        Shape shape = [2, 3, 4];
        Same<float>(2 * 6 * 9, (s, y) => Move.Pad(s[0], shape, [0, 1, 4], [0, 2, 1], -7.25, y), TwoDevices.Random<float>(24));
        Same<double>(37, (s, y) => Move.Copy(s[0], y), TwoDevices.Random<double>(37));
        Same<float>(37, (_, y) => Move.Fill(y, 0.1));
        Same<double>(37, (_, y) => Move.Fill(y, 0.1));
        Same<int>(37, (_, y) => Move.Fill(y, -3.7));
        Same<float>(0, (_, y) => Move.Fill(y, 1));
        Same<float>(0, (s, y) => Move.Copy(s[0], y), Array.Empty<float>());
    }

    [Fact]
    public void Conversions()
    {
        double[] doubles = [0, -0.0, 0.5, -0.5, 1.5, -1.5, 0.1, 1e9, -1e9, 2147483647, 2147483646.5, 2147483648, -2147483648, -2147483649,
            1e30, -1e30, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        float[] floats = Array.ConvertAll(doubles, x => (float)x);
        int[] ints = [0, 1, -1, 16777217, -16777217, int.MaxValue, int.MinValue];
        Same<float>(doubles.Length, (s, y) => Move.Convert(s[0], y), doubles);
        Same<int>(doubles.Length, (s, y) => Move.Convert(s[0], y), doubles);
        Same<double>(floats.Length, (s, y) => Move.Convert(s[0], y), floats);
        Same<int>(floats.Length, (s, y) => Move.Convert(s[0], y), floats);
        Same<float>(ints.Length, (s, y) => Move.Convert(s[0], y), ints);
        Same<double>(ints.Length, (s, y) => Move.Convert(s[0], y), ints);
        Same<double>(0, (s, y) => Move.Convert(s[0], y), Array.Empty<float>());
    }

    [Theory, Rows("1 1 1, 10 3 40, 7 65 11, 5 8 0")]
    public void Gather_and_scatter(int rows, int width, int count)
    {
        Random random = new(rows);
        int[] indices = [.. Enumerable.Range(0, count).Select(_ => random.Next(rows))];
        Same<float>(count * width, (s, y) => Move.Gather(s[0], rows, width, s[1], y), TwoDevices.Random<float>(rows * width), indices);
        Same<double>(count * width, (s, y) => Move.Gather(s[0], rows, width, s[1], y), TwoDevices.Random<double>(rows * width), indices);
        Same<float>(rows * width, (s, y) => Move.ScatterAdd(s[0], s[1], y, rows, width), TwoDevices.Random<float>(count * width), indices);
        Same<double>(rows * width, (s, y) => Move.ScatterAdd(s[0], s[1], y, rows, width), TwoDevices.Random<double>(count * width),
            indices);
        Same<int>(rows * width, (s, y) => Move.ScatterAdd(s[0], s[1], y, rows, width), TwoDevices.Random<int>(count * width, 100), indices);
    }

    [Fact]
    public void A_wrong_index_is_the_error_that_the_host_gives()
    {
        foreach (Device device in (Device[])[devices.Cpu, devices.Gpu])
        {
            Storage table = TwoDevices.With<float>(device, new float[6]), indices = TwoDevices.With<int>(device, [0, 2, 3]),
                picked = TwoDevices.With<float>(device, new float[6]);
            Refused<ArgumentOutOfRangeException>("Move.Gather: expected indices of the 3 rows of the table, found 3 at position 2.",
                () => Move.Gather(table, 3, 2, indices, picked));
            Assert.Throws<ArgumentOutOfRangeException>(() => Move.ScatterAdd(picked, indices, table, 3, 2));
        }
    }

    private void Same<T>(int length, Action<Storage[], Storage> kernel, params Array[] inputs)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        (T[] cpu, T[] simulator) = devices.Run(TwoDevices.Random<T>(length, 50, 9), kernel, inputs);
        Assert.Equal(cpu, simulator);
    }
}
