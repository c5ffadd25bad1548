using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Engine.Autograd.Files;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// Collects named tensors and writes them as a safetensors file. The bytes depend on the names, the elements and the texts alone, not on
/// the order in which they were added: wider types come first, then names in the order of their characters, so that every tensor is aligned
/// to its type. Checksums of the tensors and of the header stand under <c>__metadata__</c>, where other programs pass them over.
/// </summary>
/// <example><code>new SafetensorsWriter().Add("weight", weight).AddText("step", "1000").Save("model.safetensors");</code></example>
public sealed class SafetensorsWriter
{
    private readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>
    /// Whether the file gets checksums, by which <see cref="SafetensorsFile"/> sees damage; without them it holds what was added alone.
    /// </summary>
    public bool HasChecksums { get; init; } = true;

    /// <summary>Adds a tensor: float32, float64 or int32. Its elements are read when the file is written.</summary>
    /// <exception cref="ArgumentException">The name is taken, or is no text.</exception>
    public SafetensorsWriter Add(string name, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Add(name, tensor.Storage, tensor.Shape);
    }

    /// <summary>Adds a device's memory: float32, float64 or int32. Its elements are read when the file is written.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="storage">The elements.</param>
    /// <param name="shape">Their shape.</param>
    /// <exception cref="ArgumentException">The name is taken or is no text, or the shape has another number of elements.</exception>
    public SafetensorsWriter Add(string name, Storage storage, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(storage);
        CheckCount(name, shape, storage.Length);
        return Add(name, new Item(SafetensorsTypes.Of(storage.DType), shape, output => Write(output, storage)));
    }

    /// <summary>Adds host memory. It is read when the file is written.</summary>
    /// <typeparam name="T">float, double, int, long or byte.</typeparam>
    /// <param name="name">The tensor's name.</param>
    /// <param name="values">The elements, in row-major order.</param>
    /// <param name="shape">Their shape; null for one axis.</param>
    /// <exception cref="ArgumentException">The name is taken or is no text, the shape has another number of elements, or the type is none
    /// of the five.</exception>
    public SafetensorsWriter Add<T>(string name, ReadOnlyMemory<T> values, Shape? shape = null) where T : unmanaged
    {
        Shape extents = shape ?? [values.Length];
        CheckCount(name, extents, values.Length);
        SafetensorsType type = SafetensorsTypes.Of<T>()
            ?? throw new ArgumentException(
                $"Tensor {Wording.Name(name)}: expected float, double, int, long or byte, found {typeof(T).Name}.");
        return Add(name, new Item(type, extents, output => output.Write(MemoryMarshal.AsBytes(values.Span))));
    }

    /// <summary>Adds a text to the header's <c>__metadata__</c>.</summary>
    /// <exception cref="ArgumentException">
    /// The key is taken or one of the checksums', or one of the two is no text (it has half a surrogate pair).
    /// </exception>
    public SafetensorsWriter AddText(string key, string text)
    {
        CheckText(key);
        CheckText(text);
        if (SafetensorsChecksums.IsKey(key)) throw new ArgumentException($"No text can be named {key}: the name is kept for checksums.");
        if (!_texts.TryAdd(key, text)) throw new ArgumentException($"There is a text {Wording.Name(key)} already.");
        return this;
    }

    /// <summary>
    /// Writes the file: under a temporary name of its own beside it first, which is flushed to the disk and then renamed. Whatever ends the
    /// process, and whoever else writes the same path, it holds one whole file: the new one, or what was there before.
    /// </summary>
    /// <param name="path">The file. Its folder must exist. A symbolic link is replaced, not followed.</param>
    /// <exception cref="CheckpointException">The file cannot be written; what was there before still is.</exception>
    public void Save(string path) => Replace(path, null);

    /// <summary>Writes the bytes of the file to a stream.</summary>
    /// <exception cref="InvalidOperationException">A tensor was changed meanwhile.</exception>
    public void WriteTo(Stream output)
    {
        ArgumentNullException.ThrowIfNull(output);
        KeyValuePair<string, Item>[] items =
            [.. _items.OrderByDescending(item => item.Value.Type.SizeInBytes()).ThenBy(item => item.Key, StringComparer.Ordinal)];
        ulong[] checksums = HasChecksums ? [.. items.Select(item => item.Value.Checksum())] : [];
        output.Write(Header(items, checksums));
        for (int i = 0; i < items.Length; i++)
        {
            (string name, Item item) = items[i];
            if (!HasChecksums) item.Write(output);
            else if (item.Checksum(output) != checksums[i]) throw new InvalidOperationException(
                $"Tensor {Wording.Name(name)} was changed while it was being written.");
        }
    }

    /// <summary>Writes the file, and keeps the one that is there under another name in the same folder.</summary>
    internal void Replace(string path, string? keep)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            WholeFile.Write(path, WriteTo, keep);
        }
        catch (IOException e)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    /// <summary>
    /// The header, preceded by its length and padded with spaces to a multiple of eight bytes, which align the data.
    /// </summary>
    private byte[] Header(KeyValuePair<string, Item>[] items, ulong[] checksums)
    {
        using MemoryStream header = new();
        header.Write(stackalloc byte[8]);
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            SortedDictionary<string, string> texts = new(_texts, StringComparer.Ordinal);
            if (HasChecksums)
                foreach ((string key, string text) in SafetensorsChecksums.Texts(checksums)) texts.Add(key, text);
            if (texts.Count > 0)
            {
                json.WriteStartObject(SafetensorsHeader.MetadataName);
                foreach ((string key, string text) in texts) json.WriteString(key, text);
                json.WriteEndObject();
            }

            long begin = 0;
            foreach ((string name, Item item) in items)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", item.Type.ToString());
                WriteArray(json, "shape", [.. item.Shape.ToArray()]);
                WriteArray(json, "data_offsets", begin, begin += item.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        byte[] bytes = header.ToArray();
        if (bytes.Length - 8 > SafetensorsFile.LongestHeader)
            throw new CheckpointException(
                $"The names and texts take {bytes.Length - 8} bytes, the format allows {SafetensorsFile.LongestHeader}.");
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        if (HasChecksums) SafetensorsChecksums.Seal(bytes);
        return bytes;
    }

    private static void WriteArray(Utf8JsonWriter json, string name, params ReadOnlySpan<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static void Write(Stream output, Storage storage)
    {
        if (storage.DType == DType.Float32) Write<float>(output, storage);
        else if (storage.DType == DType.Float64) Write<double>(output, storage);
        else Write<int>(output, storage);
    }

    private static void Write<T>(Stream output, Storage storage) where T : unmanaged
    {
        Span<T> elements = storage.Device is CpuDevice ? storage.AsSpan<T>() : new T[storage.Length];
        if (storage.Device is not CpuDevice) storage.CopyTo(elements);
        output.Write(MemoryMarshal.AsBytes(elements));
    }

    private SafetensorsWriter Add(string name, Item item)
    {
        CheckText(name);
        if (name == SafetensorsHeader.MetadataName) throw new ArgumentException(
            $"No tensor can be named {name}: the format keeps the name for texts.");
        if (!_items.TryAdd(name, item)) throw new ArgumentException($"There is a tensor {Wording.Name(name)} already.");
        return this;
    }

    private static void CheckCount(string name, Shape shape, int found)
    {
        if (found != shape.Count) throw new ArgumentException(
            $"Tensor {Wording.Name(name)}: expected {shape.Count} elements for the shape {shape}, found {found}.");
    }

    private static void CheckText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"Expected text, found {Wording.Name(text)}, which has half a surrogate pair.", e);
        }
    }

    private sealed record Item(SafetensorsType Type, Shape Shape, Action<Stream> Write)
    {
        internal long Bytes => (long)Shape.Count * Type.SizeInBytes();

        internal ulong Checksum(Stream? output = null)
        {
            using ChecksumStream stream = new(output);
            Write(stream);
            return stream.Checksum;
        }
    }
}
