using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Engine.Tests.Data;

namespace Engine.Tests.Imaging;

public sealed class PngWriterTests : IsolatedTests
{
    [Theory, Rows("1 1 1, 17 5 1, 1 9 3, 64 33 3")]
    public void A_picture_comes_back_from_its_file(int width, int height, int channels)
    {
        // Flat, sloping and random rows, so that every filter is used.
        var random = new Random(1);
        byte[] pixels = new byte[width * height * channels];
        for (int i = 0; i < pixels.Length; i++)
        {
            int y = i / (width * channels), x = i % (width * channels);
            pixels[i] = (y % 3) switch { 0 => 200, 1 => (byte)(x * 5), _ => (byte)random.Next(256) };
        }

        Assert.Equal(pixels, Decode(PngWriter.Encode(width, height, channels, pixels), width, height, channels));
    }

    [Fact]
    public void The_check_of_a_chunk_is_that_of_the_standard() => Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Fact]
    public void A_check_goes_on_over_pieces() =>
        Assert.Equal(Crc32.Of("123456789abcdefghi"u8), Crc32.Of("abcdefghi"u8, Crc32.Of("123456789"u8)));

    [Fact]
    public void A_file_is_replaced_and_nothing_else_is_left_in_the_folder()
    {
        string path = Folder["deep/er/x.png"];
        new Picture(2, 2, 1).Save(path);
        new Picture(3, 3, 3).Save(path);

        Assert.Equal(new byte[27], Decode(File.ReadAllBytes(path), 3, 3, 3));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(Folder.Put("file", [1]), "x.png");
        RefusedWith<IOException>($"{path} cannot be written: ", () => new Picture(1, 1, 1).Save(path));

        Directory.CreateDirectory(Folder["taken.png"]);
        Assert.Throws<IOException>(() => new Picture(1, 1, 1).Save(Folder["taken.png"]));
        Assert.Equal([Folder["file"]], Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        RefusedExactly("A picture of 2 x 2 pixels and 3 channels was expected, found 11 bytes.",
            () => PngWriter.Encode(2, 2, 3, new byte[11]));
        Assert.Throws<ArgumentException>(() => PngWriter.Encode(2, 2, 4, new byte[16]));
        Assert.Throws<ArgumentException>(() => new Picture(0, 1, 1));
    }

    // Written from the specification, not from the writer.
    private static byte[] Decode(byte[] file, int width, int height, int channels)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8]);
        List<string> types = [];
        var data = new MemoryStream();
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            types.Add(Encoding.ASCII.GetString(file, at + 4, 4));
            Assert.Equal(BitwiseCrc(file.AsSpan(at + 4, 4 + length)), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)));
            if (types[^1] == "IHDR")
            {
                Assert.Equal((width, height),
                    (BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 8)), BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 12))));
                Assert.Equal([8, (byte)(channels == 1 ? 0 : 2), 0, 0, 0], file[(at + 16)..(at + 21)]);
            }

            if (types[^1] == "IDAT") data.Write(file, at + 8, length);
            at += 12 + length;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], types);
        data.Position = 0;
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        byte[] raw = rows.ToArray();
        int rowLength = width * channels;
        Assert.Equal((rowLength + 1) * height, raw.Length);

        byte[] pixels = new byte[rowLength * height];
        for (int y = 0; y < height; y++)
        {
            int filter = raw[y * (rowLength + 1)];
            for (int x = 0; x < rowLength; x++)
            {
                int left = x >= channels ? pixels[y * rowLength + x - channels] : 0, above = y > 0 ? pixels[(y - 1) * rowLength + x] : 0;
                int predicted = filter switch { 0 => 0, 1 => left, 2 => above, _ => throw new InvalidDataException($"filter {filter}") };
                pixels[y * rowLength + x] = (byte)(raw[y * (rowLength + 1) + 1 + x] + predicted);
            }
        }

        return pixels;
    }

    private static uint BitwiseCrc(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
