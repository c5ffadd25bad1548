using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

/// <summary>Keeps released device buffers by size and hands them out again; see <see cref="HostMemoryPool"/>.</summary>
internal sealed class IlgpuMemoryPool(Accelerator accelerator) : IDisposable
{
    private readonly Dictionary<long, Stack<MemoryBuffer1D<byte, Stride1D.Dense>>> _free = [];

    /// <summary>Bytes handed out and not yet returned.</summary>
    internal long InUse { get; private set; }

    /// <summary>Bytes returned and kept for the next request.</summary>
    internal long Kept { get; private set; }

    internal MemoryBuffer1D<byte, Stride1D.Dense> Rent(long bytes)
    {
        lock (_free)
        {
            InUse += bytes;
            if (_free.TryGetValue(bytes, out Stack<MemoryBuffer1D<byte, Stride1D.Dense>>? blocks) && blocks.TryPop(out MemoryBuffer1D<byte, Stride1D.Dense>? block))
            {
                Kept -= bytes;
                return block;
            }

            return accelerator.Allocate1D<byte>(bytes);
        }
    }

    internal void Return(MemoryBuffer1D<byte, Stride1D.Dense> block)
    {
        lock (_free)
        {
            InUse -= block.LengthInBytes;
            Kept += block.LengthInBytes;
            if (!_free.TryGetValue(block.LengthInBytes, out Stack<MemoryBuffer1D<byte, Stride1D.Dense>>? blocks)) _free[block.LengthInBytes] = blocks = new();
            blocks.Push(block);
        }
    }

    /// <summary>Gives every kept buffer back to the device.</summary>
    public void Dispose()
    {
        lock (_free)
        {
            foreach (Stack<MemoryBuffer1D<byte, Stride1D.Dense>> blocks in _free.Values)
                foreach (MemoryBuffer1D<byte, Stride1D.Dense> block in blocks) block.Dispose();
            _free.Clear();
            Kept = 0;
        }
    }
}
