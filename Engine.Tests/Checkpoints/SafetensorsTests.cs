using System.Buffers.Binary;
using System.Text;

namespace Engine.Tests.Checkpoints;

public sealed class SafetensorsTests : IsolatedTests
{
    private string Weights => Folder["model.safetensors"];

    [Fact]
    public void What_is_written_is_read_to_the_bit()
    {
        float[] floats = [0, -0f, 1, float.NaN, float.PositiveInfinity, float.Epsilon];
        double[] doubles = [Math.PI, double.Epsilon];
        using Tensor tensor = Tensor.From(floats, [2, 3], Cpu);
        new SafetensorsWriter()
            .Add("0.weight", tensor)
            .Add<double>("d", doubles)
            .Add<int>("i", new[] { int.MinValue, 7 }, [2, 1])
            .Add<long>("scalar", new[] { long.MaxValue }, Shape.Scalar)
            .Add<byte>("bytes", new byte[] { 0, 255, 3 })
            .Add<float>("nothing", ReadOnlyMemory<float>.Empty, [0, 4])
            .AddText("step", "12")
            .AddText("état", "\"{}\\\n")
            .Save(Weights);

        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal(floats, file.Read<float>("0.weight"));
        Assert.Equal(BitConverter.SingleToInt32Bits(-0f), BitConverter.SingleToInt32Bits(file.Read<float>("0.weight")[1]));
        Assert.Equal([2L, 3L], file.Find("0.weight").Extents);
        Assert.Equal(doubles, file.Read<double>("d"));
        Assert.Equal([int.MinValue, 7], file.Read<int>("i"));
        Assert.Equal([long.MaxValue], file.Read<long>("scalar"));
        Assert.Empty(file.Find("scalar").Extents);
        Assert.Equal([0, 255, 3], file.Read<byte>("bytes"));
        Assert.Empty(file.Read<float>("nothing"));
        Assert.Equal("12", file.Metadata["step"]);
        Assert.Equal("\"{}\\\n", file.Metadata["état"]);
        Assert.Equal(["d", "scalar", "0.weight", "i", "nothing", "bytes"], file.Entries.Select(entry => entry.Name).OrderBy(_ => 0));
        Assert.All(file.Entries, entry => Assert.Equal(0, (8 + HeaderLength() + Position(file, entry)) % (entry.Bytes == 3 ? 1 : 4)));
        Assert.Equal(["model.safetensors"], Directory.GetFiles(Folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_bytes_are_those_of_the_published_format_whatever_the_order_of_adding()
    {
        byte[] expected = SafetensorsBytes.Of(
            """{"__metadata__":{"a":"1","b":"2"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"""
            + ""","y":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}    """,
            SafetensorsBytes.Floats(1, 2, 3));
        float[] x = [1, 2], y = [3];
        foreach (bool hasChecksums in (bool[])[false, true])
        {
            byte[] one = Bytes(new SafetensorsWriter { HasChecksums = hasChecksums }
                .Add<float>("x", x).Add<float>("y", y, Shape.Scalar).AddText("a", "1").AddText("b", "2"));
            Assert.Equal(one, Bytes(new SafetensorsWriter { HasChecksums = hasChecksums }
                .AddText("b", "2").Add<float>("y", y, Shape.Scalar).AddText("a", "1").Add<float>("x", x)));
            if (!hasChecksums) Assert.Equal(expected, one);
        }

        Assert.Equal(0, BitConverter.ToInt64(expected) % 8);
    }

    [Fact]
    public void Every_type_is_read_as_the_type_that_is_asked_for()
    {
        string[] types = ["BOOL", "U8", "I8", "I16", "I32", "I64", "F16", "BF16", "F32", "F64", "U16", "U32", "U64"];
        byte[][] data =
        [
            [1, 0], [200, 0], [0x80, 5], [0, 0x80, 5, 0], [.. BitConverter.GetBytes(-70000), .. BitConverter.GetBytes(5)],
            [.. BitConverter.GetBytes(-5_000_000L), .. BitConverter.GetBytes(5L)],
            [.. BitConverter.GetBytes((Half)(-1.5)), .. BitConverter.GetBytes(Half.Epsilon)],
            [0xC0, 0xBF, 0x01, 0x00], SafetensorsBytes.Floats(-1.5f, 0.1f), [.. BitConverter.GetBytes(-1.5), .. BitConverter.GetBytes(0.1)],
            [0xFF, 0xFF, 5, 0], [.. BitConverter.GetBytes(3_000_000_000), .. BitConverter.GetBytes(5)],
            [.. BitConverter.GetBytes(1UL << 63), .. BitConverter.GetBytes(5UL)],
        ];
        double[][] expected =
        [
            [1, 0], [200, 0], [-128, 5], [-32768, 5], [-70000, 5], [-5_000_000, 5], [-1.5, Math.Pow(2, -24)], [-1.5, Math.Pow(2, -133)],
            [-1.5, 0.1f], [-1.5, 0.1], [65535, 5], [3_000_000_000, 5], [Math.Pow(2, 63), 5],
        ];
        int end = 0;
        string header = string.Join(
            ',', types.Select((type, i) =>
                $"\"{type}\":{{\"dtype\":\"{type}\",\"shape\":[2],\"data_offsets\":[{end},{end += data[i].Length}]}}"));
        File.WriteAllBytes(Weights, SafetensorsBytes.Of($"{{{header}}}", [.. data.SelectMany(bytes => bytes)]));

        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        for (int i = 0; i < types.Length; i++)
        {
            Assert.Equal(expected[i], file.Read<double>(types[i]));
            Assert.Equal(expected[i].Select(x => (float)x), file.Read<float>(types[i]));
            if (types[i].Contains('F'))
            {
                Refused<CheckpointException>($"tensor '{types[i]}': expected whole numbers, found {types[i]} [2].",
                    () => file.Read<int>(types[i]));
                continue;
            }

            if (expected[i][0] <= int.MaxValue) Assert.Equal(expected[i].Select(x => (int)x), file.Read<int>(types[i]));
            else Refused<CheckpointException>("numbers within the range of Int32", () => file.Read<int>(types[i]));
            if (types[i] != "U64") Assert.Equal(expected[i].Select(x => (long)x), file.Read<long>(types[i]));
        }

        Refused<CheckpointException>("'I32': expected numbers within the range of Byte, not -70000 as element 0, found I32 [2].",
            () => file.Read<byte>("I32"));
    }

    /// <summary>All 256 bytes of each type, beside the largest, the smallest and the special values that its definition names.</summary>
    [Theory]
    [InlineData("F8_E4M3", 448, 0.001953125, 2, 0)]
    [InlineData("F8_E5M2", 57344, 1.52587890625e-5, 6, 2)]
    [InlineData("F8_E4M3FNUZ", 240, 0.0009765625, 1, 0)]
    [InlineData("F8_E5M2FNUZ", 57344, 7.62939453125e-6, 1, 0)]
    [InlineData("F8_E8M0", 1.7014118346046923e38, 5.877471754111438e-39, 1, 0)]
    public void Floats_of_8_bits_are_those_of_their_definitions(string type, double largest, double smallest, int nans, int infinities)
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(
            "{\"a\":{\"dtype\":\"" + type + "\",\"shape\":[256],\"data_offsets\":[0,256]}}", all));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        float[] values = file.Read<float>("a");
        Assert.Equal(Array.ConvertAll(values, x => (double)x), file.Read<double>("a"));
        float[] finite = [.. values.Where(float.IsFinite)];
        Assert.Equal((largest, smallest), (finite.Max(), finite.Where(x => x > 0).Min()));
        Assert.Equal((nans, infinities), (values.Count(float.IsNaN), values.Count(float.IsInfinity)));

        // In order of their bytes the positive ones ascend, the negative ones mirror them.
        int half = type == "F8_E8M0" ? 255 : 128;
        float[] ascending = [.. values.Take(half).Where(float.IsFinite)];
        Assert.Equal(ascending.Order(), ascending);
        Assert.Equal(ascending.Length, ascending.Distinct().Count());
        if (half == 128) Assert.All(Enumerable.Range(1, 126), i => Assert.Equal(-values[i], values[128 + i]));
        if (half == 128) Assert.Equal(1, values[type switch { "F8_E4M3" => 0x38, "F8_E5M2" => 0x3C, _ => 0x40 }]);
    }

    [Fact]
    public void Long_tensors_are_converted_whole()
    {
        int[] values = [.. Enumerable.Range(0, 10_001).Select(i => i - 5000)];
        new SafetensorsWriter().Add<int>("x", values).Save(Weights);
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal(Array.ConvertAll(values, x => (double)x), file.Read<double>("x"));
    }

    [Fact]
    public void Tensors_are_read_into_tensors_of_their_shape_on_any_device()
    {
        using Device simulator = KernelDevice.Open();
        foreach (Device device in new[] { Cpu, simulator })
        {
            using Tensor x = Tensor.From([1.5f, 2, 3, 4, 5, 6], [2, 3], device);
            new SafetensorsWriter().Add("x", x).Save(Weights);
            using Tensor y = Tensor.Zeros([2, 3], DType.Float64, device), z = Tensor.Zeros([3, 2], device: device),
                whole = Tensor.Zeros([2, 3], DType.Int32, device);
            using SafetensorsFile file = SafetensorsFile.Open(Weights);
            file.Read("x", y);
            Assert.Equal([1.5, 2, 3, 4, 5, 6], y.ToDoubles());
            RefusedExactly<CheckpointException>($"{Weights}: tensor 'x': expected the shape [3, 2], found F32 [2, 3].",
                () => file.Read("x", z));
            RefusedExactly<CheckpointException>($"{Weights}: tensor 'x': expected whole numbers, found F32 [2, 3].",
                () => file.Read("x", whole));
            RefusedExactly<CheckpointException>($"{Weights}: expected a tensor 'w', found none of that name among 1.",
                () => file.Read("w", y));
            RefusedExactly<CheckpointException>($"{Weights}: tensor 'x': expected 5 elements, found F32 [2, 3].",
                () => file.Read("x", new float[5].AsSpan()));
        }
    }

    [Fact]
    public void A_file_is_replaced_whole_while_it_is_open_and_a_failed_write_leaves_it()
    {
        new SafetensorsWriter().Add<int>("x", new[] { 1 }).Save(Weights);
        using SafetensorsFile old = SafetensorsFile.Open(Weights);
        new SafetensorsWriter().Add<int>("x", new[] { 2 }).Save(Weights);
        using SafetensorsFile now = SafetensorsFile.Open(Weights);
        Assert.Equal([1], old.Read<int>("x"));
        Assert.Equal([2], now.Read<int>("x"));
        Assert.Single(Directory.GetFiles(Folder.Path));

        Tensor gone = Tensor.Zeros([3], device: Cpu);
        SafetensorsWriter writer = new SafetensorsWriter().Add("x", gone);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.Save(Weights));
        using SafetensorsFile still = SafetensorsFile.Open(Weights);
        Assert.Equal([2], still.Read<int>("x"));

        string nowhere = Path.Combine(Folder.Path, "nowhere", "model.safetensors");
        RefusedWith<CheckpointException>($"{nowhere} cannot be written: ", () => new SafetensorsWriter().Save(nowhere));

        // What was written under a temporary name does not stay either.
        string folder = Directory.CreateDirectory(Path.Combine(Folder.Path, "folder")).FullName;
        RefusedWith<CheckpointException>($"{folder} cannot be written: ", () => new SafetensorsWriter().Save(folder));
        Assert.Equal([Weights], Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void What_cannot_be_written_is_refused_when_it_is_added()
    {
        SafetensorsWriter writer = new SafetensorsWriter().Add<int>("x", new[] { 1 }).AddText("a", "b");
        RefusedExactly("There is a tensor 'x' already.", () => writer.Add<int>("x", new[] { 1 }));
        RefusedExactly("There is a text 'a' already.", () => writer.AddText("a", "b"));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("__metadata__", new[] { 1 }));
        Assert.Throws<ArgumentException>(() => writer.Add<int>("\ud800", new[] { 1 }));
        Assert.Throws<ArgumentException>(() => writer.Add<short>("s", new short[] { 1 }));
        RefusedExactly("Tensor 'y': expected 6 elements for the shape [2, 3], found 1.", () => writer.Add<int>("y", new[] { 1 }, [2, 3]));
    }

    [Fact]
    public void Checksums_stand_under_metadata_and_are_told_apart_from_texts()
    {
        new SafetensorsWriter().Add<int>("x", new[] { 1 }).AddText("a", "1").Save(Weights);
        using (SafetensorsFile file = SafetensorsFile.Open(Weights))
        {
            Assert.True(file.HasChecksums);
            Assert.Equal(["a"], file.Metadata.Keys);
            file.Verify();
        }

        Assert.Contains("\"__metadata__\":{\"a\":\"1\",\"xxh3.header\":\"", Encoding.UTF8.GetString(File.ReadAllBytes(Weights)));
        Refused("the name is kept for checksums", () => new SafetensorsWriter().AddText("xxh3.tensors", "1"));
        new SafetensorsWriter { HasChecksums = false }.Add<int>("x", new[] { 1 }).Save(Weights);
        using SafetensorsFile without = SafetensorsFile.Open(Weights);
        Assert.False(without.HasChecksums);
        without.Verify();
    }

    [Fact]
    public void A_tensor_that_changes_while_it_is_written_is_refused_and_the_file_stays()
    {
        new SafetensorsWriter().Add<int>("x", new[] { 1 }).Save(Weights);
        int[] values = [1];
        SafetensorsWriter writer = new SafetensorsWriter().Add<int>("x", values);
        RefusedExactly<InvalidOperationException>("Tensor 'x' was changed while it was being written.", () => writer.WriteTo(
            new Spoiler(() => values[0]++)));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal([1], file.Read<int>("x"));
    }

    private sealed class Spoiler(Action spoil) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, count);
            spoil();
        }
    }

    private long HeaderLength() => BitConverter.ToInt64(File.ReadAllBytes(Weights));

    private static long Position(SafetensorsFile file, SafetensorsEntry entry) =>
        file.Entries.TakeWhile(other => other != entry).Sum(other => other.Bytes);

    private static byte[] Bytes(SafetensorsWriter writer)
    {
        using MemoryStream stream = new();
        writer.WriteTo(stream);
        return stream.ToArray();
    }
}

/// <summary>Safetensors files put together by hand.</summary>
internal static class SafetensorsBytes
{
    internal static byte[] Of(string header, params byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    internal static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
