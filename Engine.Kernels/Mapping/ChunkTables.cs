using Engine.Kernels.Devices;

namespace Engine.Kernels.Mapping;

/// <summary>
/// Tables in device memory of the chunks that sets of arrays are cut into, so that one launch goes over all of them: a group of threads
/// looks up the chunk of its number. A table is uploaded when its arrays are seen for the first time and kept. Parameters and their moments
/// stay where they are; gradients come from the pool, and where they lie may change from step to step: then their table is uploaded anew,
/// some kilobytes that nobody waits for.
/// </summary>
internal sealed class ChunkTables(GpuDevice device)
{
    private const int MostTables = 16;

    private readonly List<ChunkTable> _tables = [];
    private ArrayChunk[] _arrays = [];

    /// <summary>How many tables were uploaded so far.</summary>
    internal int Uploads { get; private set; }

    /// <summary>
    /// Room to describe some arrays in, each as a chunk of all its elements; hold the lock of this object from here until the launch.
    /// </summary>
    internal Span<ArrayChunk> Describe(int arrays)
    {
        if (_arrays.Length < arrays) _arrays = new ArrayChunk[Math.Max(arrays, 2 * _arrays.Length)];
        return _arrays.AsSpan(0, arrays);
    }

    /// <summary>The table of what was described.</summary>
    internal ChunkTable Of(ReadOnlySpan<ArrayChunk> arrays, int elementBytes)
    {
        // The one that was used last stands last; of those that are alike, the one that was used first is given new arrays.
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
