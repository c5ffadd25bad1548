using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Engine.Models.Imaging;

namespace Engine.Models.Data;

/// <summary>
/// Unpacks gzip (RFC 1952) and checks everything that the format allows to check. <see cref="GZipStream"/> ends quietly where a file is cut
/// short, so header and trailer are read here and only the deflate data in between is left to the library.
/// </summary>
internal static class GzipFile
{
    private const int TrailerLength = 8, FirstBytes = 1 << 16;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length >= 2 && file[0] == 0x1F && file[1] == 0x8B;

    /// <summary>The content of a gzip file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="label">What messages call it.</param>
    /// <param name="check">Looks at what was unpacked so far: unpacking ends one byte past what it allows.</param>
    /// <exception cref="DataException">The file is cut short or damaged, or was refused by the check.</exception>
    public static byte[] Unpack(byte[] file, string label, ContentCheck check)
    {
        MemoryStream output = new(FirstBytes);
        int at = 0;
        do
        {
            at = Member(file, at, output, label, check);
        }
        while (IsGzip(file.AsSpan(at)));

        if (at != file.Length)
            throw new DataException(
                $"{label} is damaged: expected the end of the gzip data at byte {at}, found {file.Length - at} more bytes.");
        return output.Length == output.Capacity ? output.GetBuffer() : output.ToArray();
    }

    // One member: header, deflate data, CRC-32 and length. Returns where it ends.
    private static int Member(byte[] file, int start, MemoryStream output, string label, ContentCheck check)
    {
        int data = HeaderEnd(file, start, label);
        long before = output.Length;

        // Nearly every file is one member, whose deflate data end right before the last eight bytes. If they end earlier, look closely.
        int near = Math.Max(data, file.Length - TrailerLength - 16), trailer = Inflate(file, data, near, output, label, check);
        if (trailer <= near && near > data)
        {
            output.SetLength(before);
            trailer = Inflate(file, data, data, output, label, check);
        }

        if (file.Length - trailer < TrailerLength) throw CutShort(label, file.Length, output.Length - before);

        ReadOnlySpan<byte> content = output.GetBuffer().AsSpan((int)before, (int)(output.Length - before));
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(trailer)), found = Crc32.HashToUInt32(content);
        if (expected != found)
            throw new DataException($"{label} is damaged: expected CRC-32 {expected:x8} from its gzip trailer, found {found:x8}.");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(trailer + 4));
        if (length != (uint)content.Length)
            throw new DataException($"{label} is damaged: expected {length} bytes by its gzip trailer, found {content.Length}.");
        return trailer + TrailerLength;
    }

    /// <summary>
    /// Unpacks deflate data and returns where they end. The library reads ahead without telling how far it needed to; from
    /// <paramref name="closely"/> on it is handed single bytes, so there it reads no further than the end.
    /// </summary>
    private static int Inflate(byte[] file, int data, int closely, MemoryStream output, string label, ContentCheck check)
    {
        long before = output.Length;
        var packed = new Feed(file, data, closely);
        try
        {
            using var deflate = new DeflateStream(packed, CompressionMode.Decompress, leaveOpen: true);
            byte[] buffer = new byte[FirstBytes];
            while (true)
            {
                long most = Math.Min(check(output.GetBuffer().AsSpan(0, (int)output.Length), null), Array.MaxLength - 1);
                if (output.Length > most) throw new DataException($"{label}: expected at most {most} unpacked bytes, found more.");
                int read = deflate.Read(buffer, 0, (int)Math.Min(buffer.Length, most + 1 - output.Length));
                if (read == 0) break;
                Reserve(output, file, read, most);
                output.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new DataException(
                $"{label} is damaged: expected valid deflate data, found a broken block after {output.Length - before} unpacked bytes.", e);
        }

        return packed.At;
    }

    /// <summary>Makes room for more: once for all where the file says how much that is, and could hold it.</summary>
    private static void Reserve(MemoryStream output, byte[] file, int more, long most)
    {
        if (output.Length + more <= output.Capacity) return;

        // The last four bytes tell the length (of the last member); deflate packs 1032 bytes into one at the most.
        long claimed = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(file.Length - 4));
        long all = Math.Min(Math.Min(claimed, most), 1032L * file.Length);
        output.Capacity = (int)Math.Min(Math.Max(output.Length + more, all > output.Length + more ? all : 2L * output.Capacity),
            Math.Min(most + 1, Array.MaxLength));
    }

    private static DataException CutShort(string label, long bytes, long unpacked)
    {
        return new DataException(
            $"{label} is cut short: expected gzip data that end with a checksum and a length, found the end of the file after {bytes} "
            + "bytes "
            + $"({unpacked} unpacked). Copy or download it again.");
    }

    private static int HeaderEnd(byte[] file, int start, string label)
    {
        int at = start + 10;
        if (file.Length < at) throw CutShort(label, file.Length, 0);
        if (file[start + 2] != 8)
            throw new DataException($"{label}: expected gzip compression method 8 (deflate), found {file[start + 2]}.");
        byte flags = file[start + 3];
        if ((flags & 0xE0) != 0)
            throw new DataException($"{label} is damaged: expected zero in the reserved gzip flags, found 0x{flags:x2}.");
        if ((flags & 4) != 0)
        {
            if (file.Length < at + 2) throw CutShort(label, file.Length, 0);
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));
        }

        if ((flags & 8) != 0) at = AfterZero(file, at, label);
        if ((flags & 16) != 0) at = AfterZero(file, at, label);
        if ((flags & 2) != 0) at += 2;
        return at <= file.Length ? at : throw CutShort(label, file.Length, 0);
    }

    private static int AfterZero(byte[] file, int at, string label)
    {
        int length = at < file.Length ? file.AsSpan(at).IndexOf((byte)0) : -1;
        return length >= 0 ? at + length + 1 : throw CutShort(label, file.Length, 0);
    }

    private sealed class Feed(byte[] file, int start, int closely) : Stream
    {
        public int At { get; private set; } = start;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, At < closely ? closely - At : Math.Min(1, file.Length - At));
            file.AsSpan(At, count).CopyTo(buffer);
            At += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
