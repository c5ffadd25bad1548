using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using StbImageWriteSharp;

namespace Engine.Tests.Data.Pictures;

/// <summary>Files with pictures, made by the tests.</summary>
internal static class TestPictures
{
    /// <summary>A CMYK JPEG of 8 x 8 pixels as Adobe's programs write it, with all of magenta and yellow: red.</summary>
    public static byte[] CmykJpeg { get; } = Convert.FromBase64String(
        "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/9sAQwEO"
        + "Dg4TERMmFRUmTzUtNU9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P/8AAFAgACAAIBAERAAIRAQMRAQQRAP/EABUAAQEA"
        + "AAAAAAAAAAAAAAAAAAUH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/EABUBAQEAAAAAAAAAAAAAAAAAAAUH/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAA4EAQACEQMR"
        + "BAAAPwB8ymynP//Z");

    /// <summary>A GIF of 4 x 4 blue pixels.</summary>
    public static byte[] Gif { get; } = Convert.FromBase64String("R0lGODlhBAAEAPAAAAAA/wAAACH5BAAAAAAALAAAAAAEAAQAAAIEhI8JBQA7");

    /// <summary>What a WebP file begins with.</summary>
    public static byte[] WebP => [.. "RIFF\x20\0\0\0WEBPVP8 "u8, .. new byte[20]];

    /// <summary>RGB pixels, [height, width, 3], that differ from one another.</summary>
    public static byte[] Pixels(int width, int height, int seed = 0) =>
        [.. Enumerable.Range(0, width * height).SelectMany(i => (byte[])
            [(byte)((i % width * 200 / width) + seed), (byte)(i / width * 200 / height), (byte)(seed * 40)])];

    /// <summary>A file in the format that an extension names: png, jpg, bmp or tga.</summary>
    public static byte[] Encode(string format, int width, int height, byte[] rgb)
    {
        using MemoryStream file = new();
        ImageWriter writer = new();
        switch (format)
        {
            case "png": writer.WritePng(rgb, width, height, ColorComponents.RedGreenBlue, file); break;
            case "jpg": writer.WriteJpg(rgb, width, height, ColorComponents.RedGreenBlue, file, 95); break;
            case "bmp": writer.WriteBmp(rgb, width, height, ColorComponents.RedGreenBlue, file); break;
            default: writer.WriteTga(rgb, width, height, ColorComponents.RedGreenBlue, file); break;
        }

        return file.ToArray();
    }

    /// <summary>A PNG of one colour.</summary>
    public static byte[] Plain(int width, int height, byte r, byte g, byte b) =>
        Encode("png", width, height, [.. Enumerable.Range(0, width * height).SelectMany(_ => (byte[])[r, g, b])]);

    /// <summary>A PNG with channels of 16 bits, all of one value, or of 8 bits RGBA.</summary>
    public static byte[] Png(int width, int height, byte depth, byte colorType, byte[] pixel)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colorType);
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                for (int x = 0; x < width; x++) zlib.Write(pixel);
            }
        }

        return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];
    }

    /// <summary>A JPEG whose EXIF says how it is to be turned.</summary>
    public static byte[] Turned(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
        return [0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content)
    {
        byte[] chunk = new byte[12 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        type.CopyTo(chunk.AsSpan(4));
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(
            chunk.AsSpan(8 + content.Length), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + content.Length)));
        return chunk;
    }
}
