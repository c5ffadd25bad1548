using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>The chunks of some arrays in device memory.</summary>
/// <param name="arrays">The arrays, each as a chunk of all its elements.</param>
/// <param name="elementBytes">The bytes of an element.</param>
/// <param name="storage">The chunks.</param>
/// <param name="count">How many there are.</param>
internal sealed class ChunkTable(ArrayChunk[] arrays, int elementBytes, Storage storage, int count)
{
    internal Storage Storage { get; } = storage;

    internal int Count { get; } = count;

    internal bool IsOf(ReadOnlySpan<ArrayChunk> others, int bytes) =>
        bytes == elementBytes && MemoryMarshal.AsBytes(others).SequenceEqual(MemoryMarshal.AsBytes(arrays.AsSpan()));
}
