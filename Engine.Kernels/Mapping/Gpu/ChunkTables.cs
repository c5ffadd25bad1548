using System.Runtime.InteropServices;

namespace Engine.Kernels.Mapping.Gpu;

/// <summary>
/// Tables in device memory of the chunks that sets of arrays are cut into, so that one launch goes over all of them: a group of threads
/// looks up its own chunk. A table is uploaded when its arrays are seen for the first time and kept. Parameters and their moments
/// stay where they are; gradients come from the pool, and where they lie may change from step to step: then their table is uploaded anew,
/// some kilobytes that nothing waits for.
/// </summary>
internal sealed class ChunkTables(GpuDevice device)
{
    private const int MostTables = 16;

    private readonly List<ChunkTable> _tables = [];
    private ArrayChunk[] _arrays = [];

    /// <summary>The number of uploads so far.</summary>
    internal int Uploads { get; private set; }

    /// <summary>
    /// Memory to describe some arrays in, each as a chunk of all its elements; hold the lock of this object until the launch.
    /// </summary>
    internal Span<ArrayChunk> Describe(int arrays)
    {
        if (_arrays.Length < arrays) _arrays = new ArrayChunk[Math.Max(arrays, 2 * _arrays.Length)];
        return _arrays.AsSpan(0, arrays);
    }

    /// <summary>The table of what was described.</summary>
    internal ChunkTable Of(ReadOnlySpan<ArrayChunk> arrays, int elementBytes)
    {
        // The most recently used table is the last; of those that are alike, the least recently used one gets the new arrays.
        int like = -1;
        for (int i = _tables.Count - 1; i >= 0; i--)
        {
            if (_tables[i].IsOf(arrays, elementBytes)) return Last(i);
            if (_tables[i].IsLike(arrays, elementBytes)) like = i;
        }

        Uploads++;
        if (like >= 0)
        {
            _tables[like].Replace(arrays);
            return Last(like);
        }

        if (_tables.Count == MostTables)
        {
            _tables[0].Storage.Release();
            _tables.RemoveAt(0);
        }

        _tables.Add(new ChunkTable(device, arrays, elementBytes));
        return _tables[^1];
    }

    private ChunkTable Last(int index)
    {
        ChunkTable table = _tables[index];
        _tables.RemoveAt(index);
        _tables.Add(table);
        return table;
    }
}

/// <summary>
/// The chunks of some arrays in device memory. Arrays of the same lengths at other addresses can replace them: the memory stays,
/// and nothing is allocated.
/// </summary>
internal sealed class ChunkTable
{
    private readonly ArrayChunk[] _arrays, _chunks;
    private readonly int _elementBytes;

    /// <summary>Cuts arrays into chunks and uploads them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="arrays">The arrays, each as a chunk of all its elements.</param>
    /// <param name="elementBytes">The bytes of an element.</param>
    internal ChunkTable(GpuDevice device, ReadOnlySpan<ArrayChunk> arrays, int elementBytes)
    {
        int count = 0;
        foreach (ArrayChunk array in arrays) count += (array.Count + ArrayChunk.Elements - 1) / ArrayChunk.Elements;
        (_arrays, _chunks, _elementBytes) = (arrays.ToArray(), new ArrayChunk[count], elementBytes);
        Storage = device.Allocate(DType.Float64, Bytes.Length);
        Upload();
    }

    internal Storage Storage { get; }

    internal int Count => _chunks.Length;

    // The bytes are copied as doubles.
    private ReadOnlySpan<double> Bytes => MemoryMarshal.Cast<ArrayChunk, double>(_chunks.AsSpan());

    internal bool IsOf(ReadOnlySpan<ArrayChunk> others, int elementBytes) =>
        elementBytes == _elementBytes && MemoryMarshal.AsBytes(others).SequenceEqual(MemoryMarshal.AsBytes(_arrays.AsSpan()));

    /// <summary>Whether others are as many arrays of the same lengths, used by as many addresses.</summary>
    internal bool IsLike(ReadOnlySpan<ArrayChunk> others, int elementBytes)
    {
        if (elementBytes != _elementBytes || others.Length != _arrays.Length) return false;
        for (int i = 0; i < others.Length; i++)
            if (!others[i].IsLike(_arrays[i])) return false;
        return true;
    }

    /// <summary>Replaces the arrays, in the order of launches: earlier launches still find the old ones.</summary>
    internal void Replace(ReadOnlySpan<ArrayChunk> others)
    {
        others.CopyTo(_arrays);
        Upload();
    }

    private void Upload()
    {
        int at = 0;
        foreach (ArrayChunk array in _arrays)
            for (int element = 0; element < array.Count; element += ArrayChunk.Elements) _chunks[at++] = array.From(element, _elementBytes);
        if (at > 0) Storage.CopyFrom(Bytes);
    }
}

/// <summary>
/// A piece of the arrays that one group of threads takes in a kernel over many arrays: device addresses of its first elements, and how many
/// there are.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ArrayChunk
{
    /// <summary>
    /// Elements of a chunk: four for each of 256 threads, so that the arrays of a small network, too, are enough chunks for a whole card.
    /// </summary>
    internal const int Elements = 1024;

    internal long X, First, Second, Third, Fourth;
    internal int Count;
    private readonly int _unused;

    /// <summary>Whether another has as many elements, and addresses of as many kinds.</summary>
    internal readonly bool IsLike(ArrayChunk other) =>
        Count == other.Count && X == 0 == (other.X == 0) && First == 0 == (other.First == 0) && Second == 0 == (other.Second == 0)
            && Third == 0 == (other.Third == 0) && Fourth == 0 == (other.Fourth == 0);

    /// <summary>The chunk from an element of the array on.</summary>
    internal readonly ArrayChunk From(int element, int elementBytes)
    {
        long bytes = (long)element * elementBytes;
        return new()
        {
            X = X + bytes, First = First + bytes, Second = Second + bytes, Third = Third + bytes, Fourth = Fourth + bytes,
            Count = Math.Min(Elements, Count - element),
        };
    }
}
