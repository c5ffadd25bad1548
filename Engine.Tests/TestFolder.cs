using System.Buffers.Binary;
using System.IO.Compression;

namespace Engine.Tests;

/// <summary>A folder of its own for one test, and files to put into it.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Path = Directory.CreateTempSubdirectory("engine-data-").FullName;

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Put(string name, byte[] content)
    {
        string path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void PutMnist(string folder, int count = 20, string split = "train")
    {
        Put($"{folder}/{split}-images-idx3-ubyte.gz", Gzip(Idx(Pixels(count), count, 28, 28)));
        Put($"{folder}/{split}-labels-idx1-ubyte.gz", Gzip(Idx(LabelsOf(count), count)));
    }

    public static byte[] Pixels(int count) => [.. Enumerable.Range(0, count * 784).Select(i => (byte)(i * 7 + i / 784))];

    public static byte[] LabelsOf(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))];

    public static byte[] Idx(byte[] elements, params int[] shape)
    {
        byte[] file = new byte[4 + 4 * shape.Length + elements.Length];
        file[2] = 8;
        file[3] = (byte)shape.Length;
        for (int i = 0; i < shape.Length; i++) BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + 4 * i), shape[i]);
        elements.CopyTo(file, 4 + 4 * shape.Length);
        return file;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
