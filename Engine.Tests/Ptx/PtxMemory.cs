using System.Runtime.InteropServices;

namespace Engine.Tests.Ptx;

/// <summary>
/// The global memory of a <see cref="PtxMachine"/>: arrays at addresses far apart, so that what is read or written beside one is found.
/// </summary>
internal sealed class PtxMemory
{
    private const int SpacingBits = 32;
    private readonly List<byte[]> _blocks = [];

    /// <summary>Puts a copy of an array into memory and gives its address.</summary>
    internal long Add<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        _blocks.Add(MemoryMarshal.AsBytes(values).ToArray());
        return (long)_blocks.Count << SpacingBits;
    }

    /// <summary>What an array holds now.</summary>
    internal T[] Read<T>(long address)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_blocks[(int)(address >> SpacingBits) - 1]).ToArray();

    internal Span<byte> At(long address, int bytes)
    {
        long block = address >> SpacingBits, offset = address & ((1L << SpacingBits) - 1);
        if (block < 1 || block > _blocks.Count || offset + bytes > _blocks[(int)block - 1].Length)
            throw new PtxException($"Global memory has no {bytes} bytes at 0x{address:x}: block {block} of {_blocks.Count}, offset "
                + $"{offset}.");
        if (offset % bytes != 0) throw new PtxException($"{bytes} bytes at 0x{address:x} are not aligned.");
        return _blocks[(int)block - 1].AsSpan((int)offset, bytes);
    }
}
