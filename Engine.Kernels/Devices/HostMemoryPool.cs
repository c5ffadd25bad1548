using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>
/// Keeps released blocks by size and hands them out again, last in first out, so that the block that is still in the cache is
/// the next one used. A training step asks for the same sizes again and again: after the first steps nothing is allocated.
/// </summary>
internal sealed unsafe class HostMemoryPool : IDisposable
{
    /// <summary>Blocks start at a multiple of a cache line, which is also the width of the widest vector.</summary>
    internal const int Alignment = 64;

    private readonly Dictionary<long, Stack<nint>> _free = [];
    private long _inUse;
    private long _kept;
    private bool _disposed;

    /// <summary>Bytes handed out and not yet returned.</summary>
    internal long InUse => Volatile.Read(ref _inUse);

    /// <summary>Bytes returned and kept for the next request.</summary>
    internal long Kept => Volatile.Read(ref _kept);

    /// <summary>
    /// The size of the block that serves a request: whole cache lines, and from 4 KiB up an eighth of the power of two below,
    /// so that requests of nearly the same size share blocks at a waste of at most an eighth.
    /// </summary>
    internal static long RoundUp(long bytes)
    {
        if (bytes <= Alignment) return Alignment;
        long step = bytes < 4096 ? Alignment : 1L << ((int)long.Log2(bytes - 1) - 3);
        return (bytes + step - 1) / step * step;
    }

    internal nint Rent(long bytes)
    {
        lock (_free)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _inUse += bytes;
            if (_free.TryGetValue(bytes, out Stack<nint>? blocks) && blocks.TryPop(out nint block))
            {
                _kept -= bytes;
                return block;
            }
        }

        return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
    }

    internal void Return(nint block, long bytes)
    {
        lock (_free)
        {
            _inUse -= bytes;
            if (_disposed)
            {
                NativeMemory.AlignedFree((void*)block);
                return;
            }

            if (!_free.TryGetValue(bytes, out Stack<nint>? blocks)) _free[bytes] = blocks = new Stack<nint>();
            blocks.Push(block);
            _kept += bytes;
        }
    }

    /// <summary>Gives every kept block back to the system; blocks in use are given back when they are returned.</summary>
    public void Dispose()
    {
        lock (_free)
        {
            _disposed = true;
            foreach (Stack<nint> blocks in _free.Values)
                foreach (nint block in blocks) NativeMemory.AlignedFree((void*)block);
            _free.Clear();
            _kept = 0;
        }
    }
}
