using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// The checksums that <see cref="SafetensorsWriter"/> puts under <c>__metadata__</c>, XxHash3 of 64 bits in hexadecimal digits: under
/// <c>xxh3.tensors</c> one for each tensor, in the order of their data, and under <c>xxh3.header</c> that of all bytes before the data,
/// with zeros in its own place. <c>xxh3.version</c> is 1. Where one of the three keys is, all must be: damage to a name or two does not
/// make the file one without checksums.
/// </summary>
internal static class SafetensorsChecksums
{
    internal const string HeaderKey = "xxh3.header";

    private const string TensorsKey = "xxh3.tensors", VersionKey = "xxh3.version", Version = "1";

    private const int Digits = 16;

    private static ReadOnlySpan<byte> NoChecksum => "0000000000000000"u8;

    /// <summary>Whether a key of the metadata is one of the three.</summary>
    internal static bool IsKey(string key) => key is HeaderKey or TensorsKey or VersionKey;

    /// <summary>The texts to write: the checksum of the header is filled in by <see cref="Seal"/>.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Texts(IEnumerable<ulong> tensors) =>
    [
        new(HeaderKey, Encoding.ASCII.GetString(NoChecksum)), new(TensorsKey, string.Concat(tensors.Select(Text))),
        new(VersionKey, Version),
    ];

    /// <summary>Puts its own checksum into a header.</summary>
    /// <param name="header">Its length and its JSON, with <see cref="Texts"/>.</param>
    internal static void Seal(Span<byte> header)
    {
        // Inside a text the quotes would be escaped: this is the key itself.
        ReadOnlySpan<byte> before = Encoding.ASCII.GetBytes($"\"{HeaderKey}\":\"");
        Span<byte> place = header.Slice(header.IndexOf(before) + before.Length, Digits);
        Encoding.ASCII.GetBytes(Text(XxHash3.HashToUInt64(header)), place);
    }

    /// <summary>Compares a header with its checksum, and hands the tensors theirs; does nothing for a file without checksums.</summary>
    /// <param name="header">What was read of the header.</param>
    /// <param name="length">The bytes of its length.</param>
    /// <param name="json">Its bytes.</param>
    /// <returns>Null, or what is wrong.</returns>
    internal static string? Check(SafetensorsHeader header, ReadOnlySpan<byte> length, ReadOnlySpan<byte> json)
    {
        bool hasHeader = header.Metadata.Remove(HeaderKey, out string? ofHeader),
            hasTensors = header.Metadata.Remove(TensorsKey, out string? ofTensors),
            hasVersion = header.Metadata.Remove(VersionKey, out string? version);
        if (!hasHeader && !hasTensors && !hasVersion) return null;
        if (!hasHeader || !hasTensors || version != Version || header.ChecksumPlace < 0 || ofHeader!.Length != Digits)
            return $"is damaged: expected {HeaderKey}, {Digits} hexadecimal digits, beside {TensorsKey} and {VersionKey} {Version}.";
        XxHash3 hash = new();
        hash.Append(length);
        hash.Append(json[..header.ChecksumPlace]);
        hash.Append(NoChecksum);
        hash.Append(json[(header.ChecksumPlace + Digits)..]);

        // As text: a digit in another case is damage too.
        string found = Text(hash.GetCurrentHashAsUInt64());
        if (found != ofHeader)
            return $"is damaged: expected a header with the checksum {Wording.Name(ofHeader)}, found one with '{found}'.";
        if (ofTensors!.Length != Digits * header.Entries.Length)
            return $"is damaged: expected {header.Entries.Length} checksums of tensors, found {ofTensors.Length} digits.";
        for (int i = 0; i < header.Entries.Length; i++)
        {
            if (!TryParse(ofTensors.AsSpan(Digits * i, Digits), out ulong checksum))
                return $"is damaged: expected {Digits} hexadecimal digits as the checksum of tensor {i}.";
            header.Entries[i].Checksum = checksum;
        }

        return null;
    }

    internal static string Text(ulong checksum) => checksum.ToString("x16", CultureInfo.InvariantCulture);

    private static bool TryParse(ReadOnlySpan<char> text, out ulong checksum)
    {
        checksum = 0;
        return text.Length == Digits
            && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out checksum);
    }
}

/// <summary>Computes the checksum of what is written to it, and passes it on.</summary>
/// <param name="output">Where it goes; null for nowhere.</param>
internal sealed class ChecksumStream(Stream? output) : Stream
{
    private readonly XxHash3 _hash = new();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The checksum of what was written.</summary>
    public ulong Checksum => _hash.GetCurrentHashAsUInt64();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.Append(buffer);
        output?.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => output?.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
