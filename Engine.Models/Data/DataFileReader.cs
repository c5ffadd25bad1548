namespace Engine.Models.Data;

/// <summary>Looks at what was read of a file so far, so that no more memory is taken than the file says it needs.</summary>
/// <param name="soFar">The content from its beginning on, unpacked.</param>
/// <param name="length">The length of the whole content; null where it is not known before the end.</param>
/// <returns>The most bytes that the content can have: reading ends one byte past it, with a last call.</returns>
/// <exception cref="DataException">The content cannot be what is expected, or is longer than it says.</exception>
internal delegate long ContentCheck(ReadOnlySpan<byte> soFar, long? length);

/// <summary>Reads a file of data, unpacked if it is gzip: that is seen by its content, not its name.</summary>
internal static class DataFileReader
{
    private const int FirstBytes = 1 << 16, MostAtOnce = 1 << 20;

    /// <summary>The longest content that one array holds, and one byte more.</summary>
    private static readonly long s_most = Array.MaxLength - 1;

    /// <summary>The content of a file.</summary>
    /// <exception cref="DataException">The file is missing, cannot be read, or was refused by the check.</exception>
    internal static byte[] Read(string path, ContentCheck check)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            byte[] magic = new byte[2];
            magic = magic[..file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false)];
            if (GzipFile.IsGzip(magic)) return GzipFile.Unpack(Read(file, magic, path, (_, _) => s_most), path, check);
            if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                string found = magic.Length < 2 ? $"a file of {magic.Length} bytes" : $"0x{magic[0]:x2}{magic[1]:x2}";
                throw new DataException($"{path}: expected the magic number 0x1f8b of a gzip file, found {found}.");
            }

            return Read(file, magic, path, check);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: expected a file, found none.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The part of this machine's memory that the content of one file may take, in bytes.</summary>
    /// <param name="times">How many times its length is taken to hold it in all its forms.</param>
    internal static long MostBytes(int times) => Math.Min(s_most, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / times);

    private static byte[] Read(FileStream file, ReadOnlySpan<byte> begun, string path, ContentCheck check)
    {
        // Devices and pipes have no length, and some files of the system say 0.
        long? length = file.CanSeek && file.Length >= begun.Length && file.Length > 0 ? file.Length : null;
        byte[] bytes = new byte[Math.Clamp(length ?? FirstBytes, begun.Length, FirstBytes)];
        begun.CopyTo(bytes);
        int count = begun.Length;
        while (true)
        {
            long most = Math.Min(check(bytes.AsSpan(0, count), length), s_most);
            if (count > most || (length > most && count >= FirstBytes))
                throw new DataException($"{path}: expected at most {most} bytes, found {Found(length)}.");
            if (count == bytes.Length)
            {
                // Room is made for what there is, not for the end.
                int next = file.ReadByte();
                if (next < 0) break;
                long wanted = length > count ? length.Value : Math.Max(FirstBytes, 2L * count);
                Array.Resize(ref bytes, (int)Math.Min(wanted, most + 1));
                bytes[count++] = (byte)next;
                continue;
            }

            int read = file.Read(bytes, count, Math.Min(bytes.Length - count, MostAtOnce));
            if (read == 0) break;
            count += read;
        }

        return count == bytes.Length ? bytes : bytes[..count];
    }

    /// <summary>A length for a message.</summary>
    internal static string Found(long? length) => length is { } known ? FormattableString.Invariant($"{known}") : "more";
}
