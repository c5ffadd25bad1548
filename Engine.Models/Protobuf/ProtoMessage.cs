using Google.Protobuf;

namespace Engine.Models.Protobuf;

/// <summary>
/// A message of Protocol Buffers (protobuf.dev/programming-guides/encoding) as a list of its fields, which are written in the order in
/// which they were added. The lengths that stand before messages inside messages are computed from the innermost out.
/// </summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, object Value)> _fields = [];
    private long? _size;

    /// <summary>The bytes of the message.</summary>
    internal long Size => _size ??= _fields.Sum(entry => CodedOutputStream.ComputeTagSize(entry.Field) + SizeOf(entry.Value));

    /// <summary>Adds a whole number, or a value of an enumeration.</summary>
    internal ProtoMessage Add(int field, long value) => Append(field, value);

    /// <summary>Adds a number in 32 bits.</summary>
    internal ProtoMessage Add(int field, float value) => Append(field, value);

    /// <summary>Adds a number in 64 bits.</summary>
    internal ProtoMessage Add(int field, double value) => Append(field, value);

    /// <summary>Adds a text.</summary>
    internal ProtoMessage Add(int field, string value) => Append(field, ByteString.CopyFromUtf8(value));

    /// <summary>Adds bytes, which must not change until the message is written.</summary>
    internal ProtoMessage Add(int field, ReadOnlyMemory<byte> value) => Append(field, UnsafeByteOperations.UnsafeWrap(value));

    /// <summary>Adds a message, which must be complete.</summary>
    internal ProtoMessage Add(int field, ProtoMessage value) => Append(field, value);

    /// <summary>Adds several whole numbers, one after another.</summary>
    internal ProtoMessage AddEach(int field, IEnumerable<long> values)
    {
        foreach (long value in values) Add(field, value);
        return this;
    }

    /// <summary>Writes the message.</summary>
    internal void WriteTo(CodedOutputStream output)
    {
        foreach ((int field, object value) in _fields)
        {
            switch (value)
            {
                case long number:
                    output.WriteTag(field, WireFormat.WireType.Varint);
                    output.WriteInt64(number);
                    break;
                case float number:
                    output.WriteTag(field, WireFormat.WireType.Fixed32);
                    output.WriteFloat(number);
                    break;
                case double number:
                    output.WriteTag(field, WireFormat.WireType.Fixed64);
                    output.WriteDouble(number);
                    break;
                case ByteString bytes:
                    output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    output.WriteBytes(bytes);
                    break;
                case ProtoMessage message:
                    output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    output.WriteLength((int)message.Size);
                    message.WriteTo(output);
                    break;
            }
        }
    }

    private static long SizeOf(object value) => value switch
    {
        long number => CodedOutputStream.ComputeInt64Size(number),
        float number => CodedOutputStream.ComputeFloatSize(number),
        double number => CodedOutputStream.ComputeDoubleSize(number),
        ByteString bytes => CodedOutputStream.ComputeUInt32Size((uint)bytes.Length) + (long)bytes.Length,
        ProtoMessage message => CodedOutputStream.ComputeUInt64Size((ulong)message.Size) + message.Size,
        _ => throw new InvalidOperationException($"No field holds a {value.GetType().Name}."),
    };

    private ProtoMessage Append(int field, object value)
    {
        _fields.Add((field, value));
        _size = null;
        return this;
    }
}
