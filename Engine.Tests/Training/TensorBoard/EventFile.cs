using System.Buffers.Binary;
using System.Globalization;
using Engine.Tests.Protobuf;

namespace Engine.Tests.Training.TensorBoard;

/// <summary>Event files, read back record by record, with both checksums computed bit by bit.</summary>
internal static class EventFile
{
    /// <summary>The events of a file; the first one names the version of the format.</summary>
    internal static Fields[] Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        List<Fields> events = [];
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(Crc(file.AsSpan(at, 8))), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Span<byte> content = file.AsSpan(at + 12, length);
            Assert.Equal(Masked(Crc(content)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            events.Add(new Fields(content.ToArray()));
            at += 12 + length + 4;
        }

        Assert.Equal("brain.Event:2", events[0].Text(3));
        return [.. events];
    }

    /// <summary>
    /// What TensorBoard shows of a folder: the values of all files in the order of their names, without those that a later file begins
    /// before. Each is <c>step tag value</c>, a picture and a text with the checksum of their bytes.
    /// </summary>
    internal static string[] Shown(string folder)
    {
        List<(long Step, string Text)> values = [];
        foreach (string path in Directory.GetFiles(folder, "events.out.tfevents.*").Order(StringComparer.Ordinal))
        {
            foreach (Fields one in Read(path))
            {
                if (one.Has(7)) values.RemoveAll(value => value.Step >= one.Number(2));
                if (one.Has(5)) values.Add((one.Number(2), Text(one.Message(5).Message(1))));
            }
        }

        return [.. values.Select(value => $"{value.Step} {value.Text}")];
    }

    /// <summary>The CRC-32C of bytes: the polynomial 0x1EDC6F41, bits reversed.</summary>
    internal static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78 & (0 - (crc & 1)));
        }

        return ~crc;
    }

    private static uint Masked(uint crc) => ((crc >> 15) | (crc << 17)) + 0xa282ead8;

    private static string Text(Fields value)
    {
        string content = value.Has(2) ? value.Float(2).ToString("R", CultureInfo.InvariantCulture)
            : value.Has(4) ? $"picture {Crc(value.Message(4).Bytes(4)):x8}" : $"text {Crc(value.Message(8).Bytes(8)):x8}";
        return $"{value.Text(1)} {content}";
    }
}
