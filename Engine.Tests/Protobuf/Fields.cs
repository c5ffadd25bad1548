using Google.Protobuf;

namespace Engine.Tests.Protobuf;

/// <summary>The fields of a message of Protocol Buffers.</summary>
internal sealed class Fields
{
    private readonly List<(int Field, object Value)> _fields = [];

    internal Fields(byte[] bytes)
    {
        CodedInputStream input = new(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            _fields.Add((WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadInt64(),
                WireFormat.WireType.Fixed32 => input.ReadFloat(),
                WireFormat.WireType.Fixed64 => input.ReadDouble(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                WireFormat.WireType type => throw new InvalidOperationException($"A field of type {type}."),
            }));
        }
    }

    internal long Number(int field) => Numbers(field).Single();

    internal long[] Numbers(int field) => [.. All<long>(field)];

    internal float Float(int field) => All<float>(field).Single();

    internal double Double(int field) => All<double>(field).Single();

    internal bool Has(int field) => _fields.Any(entry => entry.Field == field);

    internal byte[] Bytes(int field) => All<byte[]>(field).Single();

    internal string Text(int field) => Texts(field).Single();

    internal string[] Texts(int field) => [.. All<byte[]>(field).Select(System.Text.Encoding.UTF8.GetString)];

    internal Fields Message(int field) => new(Bytes(field));

    internal Fields[] Messages(int field) => [.. All<byte[]>(field).Select(bytes => new Fields(bytes))];

    private IEnumerable<T> All<T>(int field) => _fields.Where(entry => entry.Field == field).Select(entry => (T)entry.Value);
}
