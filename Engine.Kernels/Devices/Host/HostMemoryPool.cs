using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine.Kernels.Devices.Host;

/// <summary>
/// Keeps released blocks by size and hands them out again, last in first out, so that the block that is still in the cache is
/// the next one used. A training step requests the same sizes repeatedly: after the first steps nothing is allocated.
/// </summary>
/// <param name="allocate">Takes a block of a number of bytes from the system; null takes aligned native memory.</param>
internal sealed unsafe class HostMemoryPool(Func<long, nint>? allocate = null) : IDisposable
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

    /// <summary>A block of <paramref name="bytes"/> bytes, which is a size that <see cref="RoundUp"/> gives.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more memory, not even after every kept block was given back.</exception>
    internal nint Rent(long bytes)
    {
        lock (_free)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_free.TryGetValue(bytes, out Stack<nint>? blocks) && blocks.TryPop(out nint kept))
            {
                _kept -= bytes;
                _inUse += bytes;
                return kept;
            }
        }

        // Counted only once there is something to count.
        nint block = Allocate(bytes);
        lock (_free) _inUse += bytes;
        return block;
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
            FreeKept();
        }
    }

    /// <summary>What a pool says when its device has no more memory.</summary>
    /// <param name="bytes">The size that was requested; null where the driver itself needed memory.</param>
    /// <param name="inUse">Bytes that storages hold.</param>
    /// <param name="kept">Bytes that were kept, and given back for this.</param>
    /// <param name="device">Bytes that are free on the device, and all it has, where that is known.</param>
    /// <param name="inner">The failure underneath.</param>
    internal static OutOfMemoryException Exhausted(long? bytes, long inUse, long kept, (long Free, long Total)? device, Exception inner)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string asked = bytes is { } wanted ? string.Create(invariant, $"{wanted:N0} bytes") : "a launch";
        string by = RunningOperation.Description is { } operation ? $", which {operation} asked for" : "";
        string free = device is var (left, all) ? string.Create(invariant, $"; {left:N0} of its {all:N0} are free") : "";
        return new OutOfMemoryException(
            string.Create(invariant, $"The device has no memory for {asked}{by}: {inUse:N0} are in use, and {kept:N0} that were kept were "
                + $"given back in vain{free}."), inner);
    }

    private nint Allocate(long bytes)
    {
        try
        {
            return FromSystem(bytes);
        }
        catch (OutOfMemoryException)
        {
            long kept;
            lock (_free) kept = FreeKept();
            try
            {
                return FromSystem(bytes);
            }
            catch (OutOfMemoryException e)
            {
                throw Exhausted(bytes, InUse, kept, (Math.Max(0, HostMemory.Total - InUse), HostMemory.Total), e);
            }
        }
    }

    private nint FromSystem(long bytes)
    {
        if (allocate is not null) return allocate(bytes);
        HostMemory.Check(bytes, InUse + Kept);
        if (bytes < HugePages.Size) return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        nint block = (nint)NativeMemory.AlignedAlloc((nuint)bytes, HugePages.Size);
        HugePages.AskFor(block, bytes);
        return block;
    }

    /// <summary>Gives the kept blocks back to the system and says how many bytes they were.</summary>
    private long FreeKept()
    {
        foreach (Stack<nint> blocks in _free.Values)
            foreach (nint block in blocks) NativeMemory.AlignedFree((void*)block);
        _free.Clear();
        long freed = _kept;
        _kept = 0;
        return freed;
    }
}

/// <summary>A block of a pool that is returned to it at the end of the scope.</summary>
/// <param name="pool">The pool.</param>
/// <param name="bytes">Bytes of the block.</param>
internal readonly struct PoolBlock(HostMemoryPool pool, long bytes) : IDisposable
{
    /// <summary>Where the block begins.</summary>
    internal readonly nint Address = pool.Rent(bytes);

    public void Dispose() => pool.Return(Address, bytes);
}

/// <summary>Elements in host memory, on a <see cref="CpuDevice"/>.</summary>
internal sealed unsafe class HostStorage : Storage
{
    private readonly CpuDevice _device;
    private readonly long _bytes;
    private nint _block;

    internal HostStorage(CpuDevice device, DType dtype, int length) : base(device, dtype, length)
    {
        _device = device;
        _bytes = HostMemoryPool.RoundUp((long)length * dtype.SizeInBytes());
        _block = device.Pool.Rent(_bytes);
    }

    internal override void* HostPointer => (void*)_block;

    private protected override void Upload(void* source, long bytes) => Buffer.MemoryCopy(source, (void*)_block, _bytes, bytes);

    private protected override void Download(void* destination, long bytes) => Buffer.MemoryCopy((void*)_block, destination, bytes, bytes);

    private protected override void ReturnToPool(bool isForgotten)
    {
        _device.Pool.Return(_block, _bytes);
        _block = 0;
    }
}

/// <summary>
/// The memory of the machine. Systems promise more than they have, and end processes, or slow everything down, when it is used; so what
/// does not fit is refused instead.
/// </summary>
internal static class HostMemory
{
    /// <summary>Bytes that the process may have: of the machine, or of its container where that is limited.</summary>
    internal static long Total { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var total ? total : long.MaxValue;

    /// <summary>Refuses what would not fit beside what a pool has already.</summary>
    /// <exception cref="OutOfMemoryException">It would not.</exception>
    internal static void Check(long bytes, long taken)
    {
        if (bytes > Total - taken) throw new OutOfMemoryException(
            string.Create(
                CultureInfo.InvariantCulture, $"{bytes:N0} bytes beside {taken:N0} are more than the {Total:N0} that there are."));
    }
}

/// <summary>
/// Asks the system to back large blocks by huge pages: the kernels read rows of several images at once, tens of kilobytes apart, and with
/// pages of 4 KiB each of them needs an entry of its own in the processor's table of addresses.
/// </summary>
internal static partial class HugePages
{
    /// <summary>
    /// Bytes of a huge page on x86-64, and on Arm with pages of 4 KiB: blocks of at least this size start at a multiple of it.
    /// </summary>
    internal const int Size = 2 << 20;

    /// <summary>MADV_HUGEPAGE of Linux.</summary>
    private const int Advice = 14;

    /// <summary>
    /// Advises the system for the whole huge pages of a block that nothing has written to yet. It is free to decline, and other systems are
    /// not asked.
    /// </summary>
    internal static void AskFor(nint block, long bytes)
    {
        if (OperatingSystem.IsLinux()) _ = Advise(block, (nuint)(bytes / Size * Size), Advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
