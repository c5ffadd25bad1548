using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Engine.Tests.Faults;

namespace Engine.Tests.Checkpoints;

public sealed class SafetensorsDamageTests : IsolatedTests
{
    private static readonly int s_files = FaultCounts.Of(10_000, 12_000);

    /// <summary>What opening takes whatever the file: the reader, its tables, an exception with its message and its trace.</summary>
    private const int Allowance = 16 << 10;

    private string Weights => Folder["model.safetensors"];

    [Fact]
    public void Ten_thousand_damaged_files_are_read_or_refused_within_their_size()
    {
        byte[] whole = Whole();
        using (FileStream stream = File.Create(Weights)) stream.Write(whole);
        Load(Weights);
        int refused = 0;
        long slowest = 0;
        for (int seed = 0; seed < s_files; seed++)
        {
            byte[] damaged = Damage(whole, new Random(seed));
            File.WriteAllBytes(Weights, damaged);
            long start = Stopwatch.GetTimestamp();
            bool isRefused = IsRefused(seed, out long allocated);
            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - start);
            if (isRefused) refused++;

            // With checksums, what is read is what was written.
            Assert.True(isRefused || damaged.SequenceEqual(whole), $"seed {seed}: damage went unseen");

            // What the runtime allocates now and then, such as for a message that it loads, is not of the file.
            for (int again = 0; again < 4 && allocated > damaged.Length + Allowance; again++) IsRefused(seed, out allocated);
            Assert.True(allocated <= damaged.Length + Allowance, $"seed {seed}: {allocated} bytes for a file of {damaged.Length}");
        }

        Assert.InRange(refused, s_files * 9 / 10, s_files);
        FaultCounts.Report($"{s_files} damaged safetensors files: {refused} refused, the others have the bytes of the whole one");
        Assert.True(slowest < 10 * Stopwatch.Frequency, "a file took over ten seconds");
    }

    /// <summary>Loads the damaged file; says whether it was refused, and the bytes that the managed heap gave for it.</summary>
    private bool IsRefused(int seed, out long allocated)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isRefused = false;
        try
        {
            Load(Weights);
        }
        catch (CheckpointException e)
        {
            isRefused = true;
            Assert.Contains(Weights, e.Message);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e}");
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return isRefused;
    }

    private static void Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            // In the type of the file, so that what is read takes what it takes in the file.
            switch (entry.Type)
            {
                case SafetensorsType.F64: file.Read<double>(entry.Name); break;
                case SafetensorsType.I64: file.Read<long>(entry.Name); break;
                case SafetensorsType.I32: file.Read<int>(entry.Name); break;
                case SafetensorsType.BOOL or SafetensorsType.U8: file.Read<byte>(entry.Name); break;
                case SafetensorsType.I8: file.Read<sbyte>(entry.Name); break;
                case SafetensorsType.I16: file.Read<short>(entry.Name); break;
                case SafetensorsType.F16 or SafetensorsType.BF16: file.Read<Half>(entry.Name); break;
                default: file.Read<float>(entry.Name); break;
            }
        }
    }

    private static byte[] Whole()
    {
        using MemoryStream stream = new();
        new SafetensorsWriter()
            .Add<float>("encoder.0.weight", new float[28 * 200], [28, 200])
            .Add<float>("encoder.0.bias", new float[200])
            .Add<float>("decoder.1.weight", new float[200 * 3 * 3], [3, 3, 10, 20])
            .Add<double>("optimizer.mean", new double[100], [10, 10])
            .Add<int>("labels", new int[17])
            .Add<long>("step", new long[1], [])
            .Add<byte>("mask", new byte[33])
            .AddText("epoch", "3")
            .AddText("seed", "17")
            .WriteTo(stream);
        return stream.ToArray();
    }

    private static byte[] Damage(byte[] whole, Random random)
    {
        byte[] bytes = [.. whole];
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        switch (random.Next(8))
        {
            case 0: // Bits anywhere.
                for (int i = random.Next(1, 20); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1: // Bits of the header.
                for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(8 + header)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2: // The header's length.
                for (int i = random.Next(1, 4); i > 0; i--) bytes[random.Next(8)] = (byte)random.Next(256);
                return bytes;
            case 3: // Cut short.
                return bytes[..random.Next(random.Next(2) == 0 ? 8 + header : bytes.Length)];
            case 4: // Longer.
                return [.. bytes, .. new byte[random.Next(1, 2000)]];
            case 5: // A piece left out, or doubled.
                int at = random.Next(8 + header), length = random.Next(1, 100);
                return random.Next(2) == 0 ? [.. bytes[..at], .. bytes[(at + length)..]] : [.. bytes[..(at + length)], .. bytes[at..]];
            case 6: // Another number, under a length that fits.
                return Edited(bytes, header, random,
                    static (text, random) => Replace(text, random, char.IsAsciiDigit, s_numbers[random.Next(s_numbers.Length)]));
            default: // Another word or sign, under a length that fits.
                return Edited(bytes, header, random,
                    static (text, random) =>
                        Replace(text, random, static c => !char.IsAsciiDigit(c), s_words[random.Next(s_words.Length)]));
        }
    }

    private static readonly string[] s_numbers = ["-1", "0", "1", "1e3", "0.5", "9223372036854775807", "18446744073709551616",
        "4611686018427387904", "2147483648", "00", "1,1", "null"];
    private static readonly string[] s_words =
        ["{", "}", "[", "]", "\"", ",", ":", "\\", "\\ud800", "\\u0000", "null", "{}", "[[[[[[[[[[", "\"F16\"", "é", "\0", "/*", " "];

    private static byte[] Edited(byte[] bytes, int header, Random random, Func<string, Random, string> edit)
    {
        string text = Encoding.UTF8.GetString(bytes, 8, header);
        for (int i = random.Next(1, 4); i > 0; i--) text = edit(text, random);
        return SafetensorsBytes.Of(text, bytes[(8 + header)..]);
    }

    private static string Replace(string text, Random random, Func<char, bool> what, string with)
    {
        int[] places = [.. Enumerable.Range(0, text.Length).Where(i => what(text[i]))];
        int start = places[random.Next(places.Length)], end = start + 1;
        while (char.IsAsciiDigit(text[start]) && end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return text[..start] + with + text[end..];
    }
}
