using System.IO.Compression;
using System.Text;

namespace Engine.Tests.Faults;

/// <summary>Data files that are damaged, or hold more than they say: memory is bounded by what they say.</summary>
public sealed class DamagedDataTests : IsolatedTests
{
    /// <summary>What reading takes whatever the file: buffers, an exception with its message and its trace.</summary>
    private const int Allowance = 4 << 20;

    [Theory, Values("idx", "idx.gz", "amat", "amat.gz", "txt")]
    public void Damaged_files_are_read_or_refused_by_name(string kind)
    {
        byte[] plain = kind switch
        {
            "idx" or "idx.gz" => TestFolder.Idx(TestFolder.Pixels(3), 3, 28, 28),
            "txt" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Größe and 🌍, once more. ", 40))),
            _ => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(string.Join(' ', Enumerable.Repeat("0 1", 392)) + "\n", 3))),
        };
        byte[] whole = kind.EndsWith("gz", StringComparison.Ordinal) ? TestFolder.Gzip(plain) : plain;
        int files = FaultCounts.Of(200, 12_000), refused = 0;
        long most = 0;
        for (int seed = 0; seed < files; seed++)
        {
            byte[] damaged = Damage(whole, new Random(seed));
            string path = Folder.Put($"file.{kind}", damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Load(path);
            }
            catch (DataException e)
            {
                refused++;
                Assert.True(e.Message.Contains($"file.{kind}", StringComparison.Ordinal), $"seed {seed}: {e.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(most < Allowance, $"{most} bytes");
        Assert.True(refused > 0);
        FaultCounts.Report(
            $"{files} damaged {kind} files: {refused} refused by name, {files - refused} read, at most {most >> 10} KiB taken");
    }

    [Theory]
    [InlineData("file.gz", "is too long: expected 1568 bytes after the header, which says 2 x 28 x 28, found more.")]
    [InlineData("file.amat.gz", "expected 0, 1 and blanks, found byte 0x00 in line 1 (byte 0).")]
    [InlineData("file.txt.gz", "expected text in UTF-8, found a byte of 0 at place 0.")]
    public void A_gzip_file_that_unpacks_to_much_more_than_it_says_ends_where_that_is_seen(string name, string message)
    {
        string path = Folder[name];
        using (GZipStream bomb = new(File.Create(path), CompressionLevel.Fastest))
        {
            if (name == "file.gz") bomb.Write(TestFolder.Idx([], 2, 28, 28));
            for (int i = FaultCounts.Of(64, 3700); i > 0; i--) bomb.Write(new byte[1 << 20]);
        }

        // The packed bytes are in memory, what they unpack to is not.
        RefusedWithin(() => Load(path), $"{path}{(name == "file.gz" ? " " : ": ")}{message}", new FileInfo(path).Length);
    }

    [Fact]
    public void Zeros_and_ones_without_end_and_texts_are_bounded_by_the_memory()
    {
        string path = Folder.Put("file.txt", Encoding.ASCII.GetBytes(new string('x', 5000)));
        RefusedWithin(() => TextDatasets.Read(path, most: 1000),
            $"{path}: expected a text of at most 1000 bytes, which is what fits into the memory, found 5000.");
        Folder.Put("file.txt.gz", TestFolder.Gzip(Encoding.ASCII.GetBytes(new string('x', 5000))));
        RefusedWithin(() => TextDatasets.Read(path + ".gz", most: 1000),
            $"{path}.gz: expected a text of at most 1000 bytes, which is what fits into the memory, found more.");
    }

    [SkippableFact]
    public void Files_that_say_little_and_are_large_and_devices_without_end_are_refused_at_once()
    {
        Skip.IfNot(File.Exists("/dev/zero"), "There are no devices.");
        string path = Folder.Put("sparse.idx", TestFolder.Idx([], 2, 28, 28));
        using (FileStream file = File.OpenWrite(path)) file.SetLength(5L << 30);
        RefusedWithin(() => Load(path),
            $"{path} is too long: expected 1568 bytes after the header, which says 2 x 28 x 28, found 5368709104.");
        using (FileStream file = File.Create(Folder["sparse.txt"])) file.SetLength(100L << 30);
        RefusedWithin(() => Load(Folder["sparse.txt"]), $"{Folder["sparse.txt"]}: expected text in UTF-8, found a byte of 0 at place 0.");
        RefusedWithin(() => Datasets.Load("/dev/zero"),
            "/dev/zero: expected the magic number 0x00000803 or 0x00000804 of an IDX file of images, found 0x00000000.");
        RefusedWithin(() => TextDatasets.Load("/dev/zero"), "/dev/zero: expected text in UTF-8, found a byte of 0 at place 0.");
    }

    private static void RefusedWithin(Action attempt, string message, long packed = 0)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        RefusedExactly<DataException>(message, attempt);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken < packed + Allowance, $"{taken} bytes for a file of {packed}");
    }

    private static void Load(string path)
    {
        if (path.Contains(".txt", StringComparison.Ordinal)) TextDatasets.Load(path);
        else Datasets.Load(path);
    }

    private static byte[] Damage(byte[] whole, Random random)
    {
        byte[] bytes = [.. whole];
        int at = random.Next(bytes.Length), length = random.Next(1, 100);
        switch (random.Next(5))
        {
            case 0:
                for (int i = random.Next(1, 20); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(Math.Min(30, bytes.Length))] = (byte)random.Next(256);
                return bytes;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes, .. new byte[random.Next(1, 2000)]];
            default:
                return random.Next(2) == 0 ? [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + length)..]]
                    : [.. bytes[..Math.Min(bytes.Length, at + length)], .. bytes[at..]];
        }
    }
}
