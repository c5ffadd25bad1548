using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>
/// Tables in device memory of the chunks that sets of arrays are cut into, so that one launch goes over all of them: a group of threads looks up the chunk of its number.
/// A table is uploaded when its arrays are seen for the first time and kept. A training step takes the same memory from the pool as the one before, so that its
/// tables are there already.
/// </summary>
internal sealed class ChunkTables(IlgpuDevice device)
{
    private const int MostTables = 16;

    private readonly List<ChunkTable> _tables = [];
    private ArrayChunk[] _arrays = [];

    /// <summary>How many tables were uploaded so far.</summary>
    internal int Uploads { get; private set; }

    /// <summary>Room to describe some arrays in, each as a chunk of all its elements; hold the lock of this object from here until the launch.</summary>
    internal Span<ArrayChunk> Describe(int arrays)
    {
        if (_arrays.Length < arrays) _arrays = new ArrayChunk[Math.Max(arrays, 2 * _arrays.Length)];
        return _arrays.AsSpan(0, arrays);
    }

    /// <summary>The table of what was described.</summary>
    internal ChunkTable Of(ReadOnlySpan<ArrayChunk> arrays, int elementBytes)
    {
        for (int i = _tables.Count - 1; i >= 0; i--)
        {
            ChunkTable table = _tables[i];
            if (!table.IsOf(arrays, elementBytes)) continue;

            // The one that was used last stands last, the one to go first.
            _tables.RemoveAt(i);
            _tables.Add(table);
            return table;
        }

        if (_tables.Count == MostTables)
        {
            _tables[0].Storage.Release();
            _tables.RemoveAt(0);
        }

        ChunkTable added = Upload(arrays, elementBytes);
        _tables.Add(added);
        Uploads++;
        return added;
    }

    private ChunkTable Upload(ReadOnlySpan<ArrayChunk> arrays, int elementBytes)
    {
        List<ArrayChunk> chunks = [];
        foreach (ArrayChunk array in arrays)
            for (int element = 0; element < array.Count; element += ArrayChunk.Elements) chunks.Add(array.From(element, elementBytes));

        // Whole doubles stand for the bytes.
        ReadOnlySpan<double> bytes = MemoryMarshal.Cast<ArrayChunk, double>(CollectionsMarshal.AsSpan(chunks));
        Storage storage = device.Allocate(DType.Float64, bytes.Length);
        storage.CopyFrom(bytes);
        return new ChunkTable(arrays.ToArray(), elementBytes, storage, chunks.Count);
    }
}
