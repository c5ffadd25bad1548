using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Autograd.Files;

namespace Engine.Models.Imaging;

/// <summary>Writes PNG files (W3C PNG, third edition): 8-bit grey or RGB, one IDAT chunk.</summary>
public static class PngWriter
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>
    /// Writes a picture. The file appears whole or not at all: it is written under a temporary name in the same folder and renamed. Folders
    /// on the way are made.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public static void Write(string path, Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        byte[] file = Encode(picture.Width, picture.Height, picture.Channels, picture.Pixels);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {e.Message}", e);
        }

        WholeFile.Write(path, file);
    }

    /// <summary>The bytes of a PNG file that shows <paramref name="pixels"/>, [height, width, channels], with 1 or 3 channels.</summary>
    /// <exception cref="ArgumentException">The number of bytes does not fit the shape, or the channels are neither 1 nor 3.</exception>
    public static byte[] Encode(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        if (channels is not (1 or 3)) throw new ArgumentException($"A PNG has 1 channel (grey) or 3 (RGB), was {channels}.");
        if (width < 1 || height < 1 || pixels.Length != (long)width * height * channels)
            throw new ArgumentException(
                $"A picture of {width} x {height} pixels and {channels} channels was expected, found {pixels.Length} bytes.");

        var file = new MemoryStream();
        file.Write(Signature);

        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;                               // bits a channel
        header[9] = (byte)(channels == 1 ? 0 : 2);   // grey or RGB; then deflate, adaptive filters, not interlaced
        header[10..].Clear();
        Chunk(file, "IHDR"u8, header);

        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) Filter(
            zlib, width * channels, height, channels, pixels);
        Chunk(file, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(data, Crc32.Of(type)));
        file.Write(number);
    }

    /// <summary>
    /// Each row as it is, or as differences to the left or to the row above: the one whose bytes are smallest in sum, taken as signed
    /// numbers, packs best (the heuristic of the PNG specification, section 12.7).
    /// </summary>
    private static void Filter(Stream output, int rowLength, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        byte[] none = new byte[rowLength + 1], left = new byte[rowLength + 1], above = new byte[rowLength + 1];
        left[0] = 1;
        above[0] = 2;
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = pixels.Slice(y * rowLength, rowLength);
            ReadOnlySpan<byte> previous = y > 0 ? pixels.Slice((y - 1) * rowLength, rowLength) : default;
            long sumNone = 0, sumLeft = 0, sumAbove = 0;
            for (int x = 0; x < rowLength; x++)
            {
                none[x + 1] = row[x];
                left[x + 1] = (byte)(row[x] - (x >= channels ? row[x - channels] : 0));
                above[x + 1] = (byte)(row[x] - (y > 0 ? previous[x] : 0));
                sumNone += Math.Abs((int)(sbyte)none[x + 1]);
                sumLeft += Math.Abs((int)(sbyte)left[x + 1]);
                sumAbove += Math.Abs((int)(sbyte)above[x + 1]);
            }

            output.Write(sumNone <= sumLeft && sumNone <= sumAbove ? none : sumLeft <= sumAbove ? left : above);
        }
    }
}
