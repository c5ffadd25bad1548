using System.Formats.Tar;
using System.IO.Compression;

namespace Engine.Tests.Data;

public sealed class CifarTests : IsolatedTests
{
    [Fact]
    public void Planes_become_pixels_and_the_batches_follow_one_another()
    {
        for (int i = 1; i <= 5; i++) Folder.Put($"data_batch_{i}.bin", [.. Record([(byte)i], 10 * i), .. Record([(byte)(i + 1)], 0)]);
        Folder.Put("test_batch.bin", Record([9], 7));
        ImageDataset train = Datasets.Load(Folder.Path, Offline()), test = Datasets.Load(Folder.Path, Offline() with { Split = "test" });
        Assert.Equal((10, 32, 32, 3, 10), (train.Count, train.Height, train.Width, train.Channels, train.Classes));
        Assert.Equal([1, 2, 2, 3, 3, 4, 4, 5, 5, 6], train.Labels.ToArray());
        Assert.Equal([20, 21, 22], train.Image(2)[..3].ToArray());
        Assert.Equal((1, 9), (test.Count, test.Label(0)));
    }

    [Fact]
    public void The_published_archive_is_read_as_it_is_and_a_label_is_the_fine_one()
    {
        Folder.Put("root/cifar-100/cifar-100-binary.tar.gz", Archive(("cifar-100-binary/train.bin", Record([3, 99], 5)),
            ("cifar-100-binary/test.bin", [.. Record([1, 7], 0), .. Record([1, 8], 1)])));
        ImageDataset test = Datasets.Load("cifar-100", Offline() with { Split = "test" });
        Assert.Equal(("cifar-100 (test)", 2, 100), (test.Name, test.Count, test.Classes));
        Assert.Equal([7, 8], test.Labels.ToArray());
        Assert.Equal(99, Datasets.Load("cifar-100", Offline()).Label(0));
    }

    [Fact]
    public void Damaged_files_are_named()
    {
        Folder.Put("a/test.bin", new byte[3000]);
        Refused<DataException>("expected a whole number of records of 3074 bytes in test.bin, found 3000 bytes",
            () => Datasets.Load(Folder["a"], Offline() with { Split = "test" }));
        Folder.Put("b/test_batch.bin", Record([10], 0));
        Refused<DataException>("expected labels from 0 to 9, found 10 for image 0",
            () => Datasets.Load(Folder["b"], Offline() with { Split = "test" }));
        Folder.Put("c/cifar-10-binary.tar.gz", [1, 2, 3]);
        Refused<DataException>("is damaged, or no archive that can be read", () => Datasets.Load(Folder["c"], Offline()));
        Folder.Put("d/cifar-10-binary.tar.gz", Archive(("readme.txt", [65])));
        Refused<DataException>("expected data_batch_1.bin in the archive, found no such file", () => Datasets.Load(Folder["d"], Offline()));
        Folder.Put("e/data_batch_1.bin", Record([1], 0));
        Refused<DataException>("data_batch_2.bin: expected a file, found none", () => Datasets.Load(Folder["e"], Offline()));
    }

    private DataOptions Offline() => new() { Root = Folder["root"], CacheFolder = Folder["cache"], Download = false };

    // Labels, and planes of red, green and blue that are one higher than the one before.
    private static byte[] Record(byte[] labels, int red) =>
        [.. labels, .. Enumerable.Range(0, 3 * 1024).Select(i => (byte)(red + (i / 1024)))];

    private static byte[] Archive(params (string Name, byte[] Content)[] files)
    {
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, leaveOpen: true))
            foreach ((string name, byte[] content) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest)) zip.Write(archive.ToArray());
        return packed.ToArray();
    }
}
