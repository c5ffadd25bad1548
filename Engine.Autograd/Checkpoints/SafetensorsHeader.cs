using System.Text.Json;
using System.Text.Unicode;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// Reads the header of a safetensors file, a JSON object {name: {dtype, shape, data_offsets}, __metadata__: {key: value}}, and holds it
/// against the length of the data: the tensors have to cover the data from end to end, each byte once.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="dataLength">The bytes that follow the header.</param>
internal sealed class SafetensorsHeader(string path, long dataLength)
{
    internal const string MetadataName = "__metadata__";

    /// <summary>As many axes as the widely used frameworks allow.</summary>
    private const int MostAxes = 64;

    internal Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, SafetensorsEntry> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors in the order of their data.</summary>
    internal SafetensorsEntry[] Entries { get; private set; } = [];

    /// <summary>Where the digits of the header's own checksum begin in its JSON; -1 where there are none.</summary>
    internal int ChecksumPlace { get; private set; } = -1;

    /// <summary>Reads the header.</summary>
    /// <exception cref="CheckpointException">The header is invalid, or disagrees with the data.</exception>
    internal void Parse(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) throw Refused("expected a header in UTF-8, found bytes that are none.");
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            Expect(reader, JsonTokenType.StartObject, "a header that is a JSON object");
            bool hasMetadata = false;
            while (NextName(ref reader, out string name))
            {
                if (name != MetadataName) ReadTensor(ref reader, name);
                else if (hasMetadata) throw Refused($"expected one {MetadataName}, found two.");
                else ReadMetadata(ref reader);
                hasMetadata |= name == MetadataName;
            }

            // What follows the object may only be the spaces that align the data.
            reader.Read();
        }
        catch (JsonException e)
        {
            throw Refused($"expected a header in JSON, found what is none in line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }

        CheckCover();
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string tensor = $"tensor {Wording.Name(name)}";
        Expect(reader, JsonTokenType.StartObject, $"{tensor} to be a JSON object");
        string? type = null;
        Span<long> extents = stackalloc long[MostAxes];
        Span<long> offsets = stackalloc long[2];
        int rank = -1, ends = -1;
        while (NextName(ref reader, out string field))
        {
            bool again = (field == "dtype" && type is not null) || (field == "shape" && rank >= 0)
                || (field == "data_offsets" && ends >= 0);
            if (again) throw Refused($"{tensor}: expected one {field}, found two.");
            switch (field)
            {
                case "dtype":
                    Expect(reader, JsonTokenType.String, $"a name as the dtype of {tensor}");
                    type = Text(ref reader);
                    break;
                case "shape":
                    rank = ReadNumbers(ref reader, $"{tensor}: the shape", extents);
                    break;
                case "data_offsets":
                    ends = ReadNumbers(ref reader, $"{tensor}: the data_offsets", offsets);
                    if (ends != 2) throw Refused($"{tensor}: expected two data_offsets, found {ends}.");
                    break;
                default:
                    throw Refused($"{tensor}: expected dtype, shape and data_offsets, found {Wording.Name(field)}.");
            }
        }

        if (type is null || rank < 0 || ends < 0)
            throw Refused($"{tensor}: expected dtype, shape and data_offsets, found no "
                + $"{(type is null ? "dtype" : rank < 0 ? "shape" : "data_offsets")}.");
        Add(name, tensor, type, extents[..rank], offsets[0], offsets[1]);
    }

    private void Add(string name, string tensor, string typeName, ReadOnlySpan<long> extents, long begin, long end)
    {
        Int128 count = 1;
        foreach (long extent in extents)
        {
            count *= extent;
            if (count > long.MaxValue / 8) throw Refused(
                $"{tensor}: expected fewer than 2^60 elements, found the shape {Wording.Extents(extents)}.");
        }

        if (end < begin) throw Refused($"{tensor}: expected data_offsets in ascending order, found [{begin}, {end}].");
        if (end > dataLength)
        {
            throw Refused(
                $"{tensor}: expected its data from byte {begin} to {end}, found {dataLength} bytes of data: the file is cut short, or "
                + "its header damaged.");
        }

        // Of a type that is not known here the file is believed.
        int bits = SafetensorsTypes.Named(typeName).SizeInBits();
        if (bits > 0 && count * bits != (Int128)8 * (end - begin))
        {
            string found = $"data_offsets [{begin}, {end}], which are {end - begin}";
            string expected = count * bits % 8 == 0 ? $"{count * bits / 8} bytes" : $"whole bytes instead of {count * bits} bits";
            throw Refused($"{tensor}: expected {expected} for {typeName} {Wording.Extents(extents)}, found {found}.");
        }

        SafetensorsEntry entry = new(name, typeName, extents.ToArray(), (long)count, begin, end - begin);
        if (!ByName.TryAdd(name, entry)) throw Refused($"{tensor}: expected each name once, found it twice.");
    }

    private void CheckCover()
    {
        Entries = [.. ByName.Values];
        Array.Sort(Entries, static (x, y) => x.Begin != y.Begin ? x.Begin.CompareTo(y.Begin) : x.Bytes.CompareTo(y.Bytes));
        long covered = 0;
        foreach (SafetensorsEntry entry in Entries)
        {
            if (entry.Begin != covered)
            {
                string fault = entry.Begin < covered ? "overlaps the tensor before it" : "leaves a gap";
                throw Refused($"tensor {Wording.Name(entry.Name)}: expected its data to begin at byte {covered}, found {entry.Begin}: it "
                    + $"{fault}.");
            }

            covered += entry.Bytes;
        }

        if (covered != dataLength) throw Refused($"expected {covered} bytes of data, as the header says, found {dataLength}.");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(reader, JsonTokenType.StartObject, $"{MetadataName} to be a JSON object");
        while (NextName(ref reader, out string key))
        {
            Expect(reader, JsonTokenType.String, $"text under {Wording.Name(key)} in {MetadataName}");
            if (key == SafetensorsChecksums.HeaderKey && !reader.ValueIsEscaped) ChecksumPlace = (int)reader.TokenStartIndex + 1;
            if (!Metadata.TryAdd(key, Text(ref reader))) throw Refused(
                $"{MetadataName}: expected each key once, found {Wording.Name(key)} twice.");
        }
    }

    /// <summary>Reads an array of numbers, none negative, and says how many there are.</summary>
    private int ReadNumbers(ref Utf8JsonReader reader, string what, scoped Span<long> numbers)
    {
        Expect(reader, JsonTokenType.StartArray, $"{what} to be an array");
        int count = 0;
        for (reader.Read(); reader.TokenType != JsonTokenType.EndArray; reader.Read())
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Refused($"{what}: expected whole numbers from 0 to 2^63 - 1, found {Wording.Name(reader.ValueSpan)}.");
            if (count == numbers.Length) throw Refused($"{what}: expected at most {numbers.Length} numbers, found more.");
            numbers[count++] = number;
        }

        return count;
    }

    /// <summary>Advances to the next name of an object and to its value; false at the object's end.</summary>
    private bool NextName(ref Utf8JsonReader reader, out string name)
    {
        reader.Read();
        name = reader.TokenType == JsonTokenType.PropertyName ? Text(ref reader) : "";
        return reader.TokenType == JsonTokenType.PropertyName && reader.Read();
    }

    private string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Refused($"expected text, found {Wording.Name(reader.ValueSpan)}, which has half a surrogate pair.", e);
        }
    }

    private void Expect(in Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type) throw Refused($"expected {what}, found {Wording.Name(reader.ValueSpan)}.");
    }

    private CheckpointException Refused(string message, Exception? cause = null) =>
        cause is null ? new CheckpointException($"{path}: {message}") : new CheckpointException($"{path}: {message}", cause);
}
