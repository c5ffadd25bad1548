using System.Diagnostics;

namespace Engine.Tests.Faults;

/// <summary>Single bits, and weights that are NaN or infinite: what must not be taken for weights.</summary>
public sealed class DamagedWeightsTests : IsolatedTests
{
    private string Weights => Folder["model.safetensors"];

    [Fact]
    public void Every_flipped_bit_of_a_file_with_checksums_is_refused()
    {
        using Sequential model = Model();
        new SafetensorsWriter().Add("weight", model.Parameters[0]).Add<int>("count", new[] { 1, 2, 3 })
            .Add<double>("rate", new[] { 0.1 }).Add<float>("none", Array.Empty<float>()).AddText("training", "{\"Epoch\":1}").Save(Weights);
        byte[] whole = File.ReadAllBytes(Weights);
        int flips = Math.Min(8 * whole.Length, FaultCounts.Of(4000, int.MaxValue));
        for (int i = 0; i < flips; i++)
        {
            int bit = (int)((long)i * 8 * whole.Length / flips);
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(Weights, damaged);
            CheckpointException refused = Assert.Throws<CheckpointException>(() =>
            {
                using SafetensorsFile file = SafetensorsFile.Open(Weights);
                foreach (SafetensorsEntry entry in file.Entries) file.Read<double>(entry.Name);
                Assert.Fail($"bit {bit % 8} of byte {bit / 8} of {whole.Length}");
            });
            Assert.Contains(Weights, refused.Message);
        }

        FaultCounts.Report($"{flips} single bits of a safetensors file flipped, all refused");
    }

    [Theory, Values("weight", "bias")]
    public void A_damaged_tensor_is_named_and_nothing_is_set(string name)
    {
        using Sequential model = Model(), other = Model();
        model.SaveSafetensors(Weights);
        byte[] bytes = File.ReadAllBytes(Weights);

        // The tensors' data are in the order of their names: 0.bias, 0.weight.
        bytes[^(name == "weight" ? 1 : model.Parameters[0].Count * 4 + 1)] ^= 1;
        File.WriteAllBytes(Weights, bytes);
        float[] before = other.Parameters[0].ToArray();
        Assert.Matches($"^{Weights} is damaged: tensor '0.{name}': expected the checksum [0-9a-f]{{16}}, found [0-9a-f]{{16}}\\.$",
            Assert.Throws<CheckpointException>(() => other.LoadSafetensors(Weights)).Message);
        Assert.Equal(before, other.Parameters[0].ToArray());
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Refused<CheckpointException>($"tensor '0.{name}'", file.Verify);
    }

    public static TheoryData<string, float> NonFiniteValues
    {
        get
        {
            TheoryData<string, float> data = [];
            foreach (string type in (string[])["F32", "F64", "F16", "BF16"])
                foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity]) data.Add(type, value);
            data.Add("F8_E4M3", float.NaN);
            data.Add("F8_E5M2", float.PositiveInfinity);
            return data;
        }
    }

    [Theory, MemberData(nameof(NonFiniteValues))]
    public void Weights_that_are_not_finite_are_refused_by_name_unless_they_are_asked_for(string type, float value)
    {
        using Linear layer = new(3, 7, ModuleOptions.FromSeed(1));
        float[] before = layer.Weight.ToArray();
        float[] weight = [.. Enumerable.Repeat(1f, 20), value];
        byte[] Bytes(float[] values) => type switch
        {
            "F32" => [.. values.SelectMany(BitConverter.GetBytes)],
            "F64" => [.. values.SelectMany(x => BitConverter.GetBytes((double)x))],
            "F8_E4M3" => [.. values.Select(x => (byte)(float.IsNaN(x) ? 0x7F : x == 1 ? 0x38 : 0))],
            "F8_E5M2" => [.. values.Select(x => (byte)(BitConverter.HalfToUInt16Bits((Half)x) >> 8))],
            "F16" => [.. values.SelectMany(x => BitConverter.GetBytes((Half)x))],
            _ => [.. values.SelectMany(x => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)))],
        };
        byte[] bias = Bytes(new float[7]), data = [.. bias, .. Bytes(weight)];
        string Entry(string name, string shape, int begin, int end) =>
            $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{shape}],\"data_offsets\":[{begin},{end}]}}";
        File.WriteAllBytes(Weights, Checkpoints.SafetensorsBytes.Of(
            $"{{{Entry("bias", "7", 0, bias.Length)},{Entry("weight", "3,7", bias.Length, data.Length)}}}", data));
        string word = float.IsNaN(value) ? "NaN" : value > 0 ? "infinity" : "minus infinity";
        RefusedExactly<CheckpointException>(
            $"{Weights}: tensor 'weight': expected finite numbers, found {word} as element 20 of {type} [3, 7].",
            () => layer.LoadSafetensors(Weights));
        Assert.Equal(before, layer.Weight.ToArray());
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        layer.LoadSafetensors(file, allowNonFinite: true);
        Assert.Equal(weight, layer.Weight.ToArray());
    }

    [Theory, Values(false, true)]
    public void A_large_file_is_written_and_read_with_and_without_checksums(bool hasChecksums)
    {
        const int Turns = 5;
        float[] values = [.. Enumerable.Range(0, FaultCounts.Of(100_000, 25_000_000)).Select(i => MathF.Sin(i))];
        float[] read = new float[values.Length];
        using Linear layer = new(values.Length / 100, 100, ModuleOptions.FromSeed(1), bias: false);
        double[] best = [double.MaxValue, double.MaxValue, double.MaxValue];
        for (int turn = 0; turn < Turns; turn++)
        {
            Time(0, () => new SafetensorsWriter { HasChecksums = hasChecksums }
                .Add<float>("weight", values, layer.Weight.Shape).Save(Weights));
            Time(1, () =>
            {
                using SafetensorsFile file = SafetensorsFile.Open(Weights);
                file.Read("weight", read.AsSpan());
            });
            Time(2, () => layer.LoadSafetensors(Weights));
        }

        Assert.True(values.AsSpan().SequenceEqual(read));
        Assert.True(values.AsSpan().SequenceEqual(layer.Weight.ToArray()));
        FaultCounts.Report($"{values.Length * 4 / 1_000_000} MB {(hasChecksums ? "with" : "without")} checksums: "
            + $"saved in {best[0]:F0} ms, read in {best[1]:F0} ms, checked and loaded into a module in {best[2]:F0} ms");

        void Time(int what, Action action)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best[what] = Math.Min(best[what], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static Sequential Model() => new(new Linear(9, 11, ModuleOptions.FromSeed(2)));
}
