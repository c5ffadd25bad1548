using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Models.Imaging;

namespace Engine.Models.Data;

/// <summary>
/// Unpacks gzip (RFC 1952) and checks all that the format lets one check. <see cref="GZipStream"/> ends quietly where a file is cut short, so
/// header and trailer are read here and only the deflate data in between is left to the library.
/// </summary>
internal static class GzipFile
{
    private const int TrailerLength = 8;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length >= 2 && file[0] == 0x1F && file[1] == 0x8B;

    /// <summary>The content of a gzip file; <paramref name="label"/> is what messages call it.</summary>
    /// <exception cref="DataException">The file is cut short or damaged.</exception>
    public static byte[] Unpack(byte[] file, string label)
    {
        // The last four bytes tell the length (of the last member): a hint for the allocation, capped because a damaged file may claim anything.
        uint claimed = file.Length >= 18 ? BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(file.Length - 4)) : 0;
        var output = new MemoryStream((int)Math.Min(claimed, Math.Min(file.Length * 64L, 1 << 28)));
        int at = 0;
        do
        {
            at = Member(file, at, output, label);
        }
        while (IsGzip(file.AsSpan(at)));

        if (at != file.Length)
            throw new DataException($"{label} is damaged: expected the end of the gzip data at byte {at}, found {file.Length - at} more bytes.");
        return output.Length == output.Capacity ? output.GetBuffer() : output.ToArray();
    }

    // One member: header, deflate data, CRC-32 and length. Returns where it ends.
    private static int Member(byte[] file, int start, MemoryStream output, string label)
    {
        int data = HeaderEnd(file, start, label);
        long before = output.Length;
        using var packed = new MemoryStream(file, data, file.Length - data, writable: false);
        try
        {
            using var deflate = new DeflateStream(packed, CompressionMode.Decompress, leaveOpen: true);
            deflate.CopyTo(output);
        }
        catch (InvalidDataException e)
        {
            // The library may notice by itself that the data stop early; the trailer below would say so otherwise.
            if (packed.Position == packed.Length) throw CutShort(label, file.Length, output.Length - before, e);
            throw new DataException($"{label} is damaged: expected valid deflate data, found a broken block after {output.Length - before} unpacked bytes.", e);
        }

        // The stream hands back what it read beyond the end of the deflate data.
        int trailer = data + (int)packed.Position;
        if (file.Length - trailer < TrailerLength) throw CutShort(label, file.Length, output.Length - before, null);

        ReadOnlySpan<byte> content = output.GetBuffer().AsSpan((int)before, (int)(output.Length - before));
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(trailer)), found = Crc32.Of(content);
        if (expected != found) throw new DataException($"{label} is damaged: expected CRC-32 {expected:x8} from its gzip trailer, found {found:x8}.");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(trailer + 4));
        if (length != (uint)content.Length)
            throw new DataException($"{label} is damaged: expected {length} bytes by its gzip trailer, found {content.Length}.");
        return trailer + TrailerLength;
    }

    private static DataException CutShort(string label, long bytes, long unpacked, Exception? cause)
    {
        string message = $"{label} is cut short: expected gzip data that end with a checksum and a length, found the end of the file after {bytes} bytes "
            + $"({unpacked} unpacked). Copy or download it again.";
        return cause is null ? new DataException(message) : new DataException(message, cause);
    }

    private static int HeaderEnd(byte[] file, int start, string label)
    {
        int at = start + 10;
        if (file.Length < at) throw CutShort(label, file.Length, 0, null);
        if (file[start + 2] != 8)
            throw new DataException($"{label}: expected gzip compression method 8 (deflate), found {file[start + 2]}.");
        byte flags = file[start + 3];
        if ((flags & 0xE0) != 0) throw new DataException($"{label} is damaged: expected zero in the reserved gzip flags, found 0x{flags:x2}.");
        if ((flags & 4) != 0)
        {
            if (file.Length < at + 2) throw CutShort(label, file.Length, 0, null);
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));
        }

        if ((flags & 8) != 0) at = AfterZero(file, at, label);
        if ((flags & 16) != 0) at = AfterZero(file, at, label);
        if ((flags & 2) != 0) at += 2;
        return at <= file.Length ? at : throw CutShort(label, file.Length, 0, null);
    }

    private static int AfterZero(byte[] file, int at, string label)
    {
        int length = at < file.Length ? file.AsSpan(at).IndexOf((byte)0) : -1;
        return length >= 0 ? at + length + 1 : throw CutShort(label, file.Length, 0, null);
    }
}
