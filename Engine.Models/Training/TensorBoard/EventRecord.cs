using System.Buffers.Binary;
using System.IO.Hashing;
using Engine.Models.Protobuf;
using Google.Protobuf;

namespace Engine.Models.Training.TensorBoard;

/// <summary>
/// The records that event files are made of (github.com/tensorflow/tensorflow, tensorflow/core/lib/io/record_writer.h): the length of the
/// content in eight bytes and its checksum in four, the content and its checksum, all little-endian.
/// </summary>
internal static class EventRecord
{
    /// <summary>The bytes before the content: its length and the checksum of that.</summary>
    private const int Before = sizeof(ulong) + sizeof(uint);

    /// <summary>Appends a record with a message as its content.</summary>
    public static void Append(MemoryStream stream, ProtoMessage message)
    {
        byte[] record = new byte[Before + message.Size + sizeof(uint)];
        Span<byte> content = record.AsSpan(Before, (int)message.Size);
        using (MemoryStream target = new(record, Before, content.Length))
        using (CodedOutputStream output = new(target)) message.WriteTo(output);
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), Checksum(record.AsSpan(0, sizeof(ulong))));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(Before + content.Length), Checksum(content));
        stream.Write(record);
    }

    /// <summary>
    /// The CRC-32C of bytes, rotated right by 15 bits and moved by a constant, as the format has it: a checksum of bytes that hold
    /// checksums themselves is a bad one.
    /// </summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes) =>
        uint.RotateRight(Crc32.HashToUInt32(Crc32ParameterSet.Crc32C, bytes), 15) + 0xa282ead8;
}
