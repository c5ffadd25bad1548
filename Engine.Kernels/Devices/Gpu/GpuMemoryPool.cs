using Block = ILGPU.Runtime.MemoryBuffer1D<byte, ILGPU.Stride1D.Dense>;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>Keeps released device buffers by size and hands them out again; see <see cref="HostMemoryPool"/>.</summary>
internal sealed class GpuMemoryPool(GpuDevice device) : IDisposable
{
    private readonly Dictionary<long, Stack<Block>> _free = [];

    // ILGPU's buffers have finalisers of their own: the buffer of a storage that nobody can reach would be freed together with it, and
    // could not come back to the pool, if it were not held here.
    private readonly HashSet<Block> _rented = new(ReferenceEqualityComparer.Instance);

    /// <summary>Bytes behind each block that belong to no storage.</summary>
    private readonly long _guard = device.IsSimulator ? SimulatorMemory.Guard : 0;

    /// <summary>Bytes handed out and not yet returned.</summary>
    internal long InUse { get; private set; }

    /// <summary>Bytes returned and kept for the next request.</summary>
    internal long Kept { get; private set; }

    /// <summary>A buffer of <paramref name="bytes"/> bytes.</summary>
    /// <exception cref="OutOfMemoryException">The device has no more memory, not even after every kept buffer was given back.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    internal Block Rent(long bytes)
    {
        lock (_free)
        {
            if (_free.TryGetValue(bytes, out Stack<Block>? blocks) && blocks.TryPop(out Block? block)) Kept -= bytes;
            else block = Allocate(bytes);
            InUse += bytes;
            _rented.Add(block);
            return block;
        }
    }

    internal void Return(Block block)
    {
        lock (_free)
        {
            _rented.Remove(block);
            long bytes = block.LengthInBytes - _guard;
            InUse -= bytes;
            Kept += bytes;
            if (!_free.TryGetValue(bytes, out Stack<Block>? blocks)) _free[bytes] = blocks = new();
            blocks.Push(block);
        }
    }

    /// <summary>Gives every kept buffer back to the device.</summary>
    public void Dispose()
    {
        lock (_free) FreeKept();
    }

    private Block Allocate(long bytes)
    {
        try
        {
            return FromDevice(bytes);
        }
        catch (Exception e) when (IsExhaustion(e))
        {
            long kept = FreeKept();
            try
            {
                return FromDevice(bytes);
            }
            catch (Exception again) when (IsExhaustion(again))
            {
                throw HostMemoryPool.Exhausted(bytes, InUse, kept, device.Memory, again);
            }
        }
    }

    private Block FromDevice(long bytes)
    {
        try
        {
            device.Failures?.Allocate(bytes, InUse + Kept);
            if (device.IsSimulator) HostMemory.Check(bytes, InUse + Kept);
            return device.Accelerator.Allocate1D<byte>(bytes + _guard);
        }
        catch (Exception e) when (DriverFailure.Is(e) && !DriverFailure.IsOutOfMemory(e))
        {
            throw device.Failed(e);
        }
    }

    // What an allocation throws when the memory is used up is the driver's choice, so every failure but a lost device is met in the same
    // way.
    private static bool IsExhaustion(Exception e) => e is not (ObjectDisposedException or DeviceException);

    /// <summary>Gives the kept buffers back to the device and says how many bytes they were.</summary>
    private long FreeKept()
    {
        foreach (Stack<Block> blocks in _free.Values)
            foreach (Block block in blocks) block.Dispose();
        _free.Clear();
        long freed = Kept;
        Kept = 0;
        return freed;
    }
}
