using System.Runtime.InteropServices;
using Engine.Kernels.Devices;

namespace Engine.Kernels.Mapping;

/// <summary>
/// The chunks of some arrays in device memory. Arrays of the same lengths at other addresses may take the place of the first: the memory
/// stays, and nothing is allocated.
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

    // Whole doubles stand for the bytes.
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

    /// <summary>Other arrays like these take their place, in the order of launches: those before still find the old ones.</summary>
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
