namespace Engine.Kernels;

/// <summary>
/// The host: SIMD kernels (512 or 256 bit vectors, whichever the processor has) on a fixed set of worker threads.
/// The number of threads never changes a result: work is cut so that each element is computed in the same order.
/// </summary>
public sealed class CpuDevice : Device
{
    /// <summary>Opens the host with a number of threads.</summary>
    /// <param name="threads">Threads that compute, the calling one included; 0 takes <c>ENGINE_THREADS</c>, or else one for each core.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative, or over 256.</exception>
    /// <exception cref="DeviceException"><c>ENGINE_THREADS</c> is not a number from 1 to 256.</exception>
    public CpuDevice(int threads = 0) : base("cpu")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Workers = new WorkerThreads(threads == 0 ? ThreadsWanted() : threads);
        Pool = new HostMemoryPool();
    }

    /// <summary>The largest number of threads.</summary>
    internal const int MaxThreads = 256;

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads => Workers.Count;

    /// <inheritdoc/>
    public override string Description =>
        $"{Threads} thread{(Threads == 1 ? "" : "s")}, {System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated switch { true => 512, false => 256 }}-bit vectors";

    /// <inheritdoc/>
    public override long MemoryInUse => Pool.InUse;

    /// <inheritdoc/>
    public override long MemoryKept => Pool.Kept;

    internal WorkerThreads Workers { get; }

    internal HostMemoryPool Pool { get; }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    private protected override Storage Create(DType dtype, int length) => new HostStorage(this, dtype, length);

    private protected override void Close()
    {
        Workers.Dispose();
        Pool.Dispose();
    }

    private static int ThreadsWanted()
    {
        string? wanted = Environment.GetEnvironmentVariable("ENGINE_THREADS");
        if (string.IsNullOrWhiteSpace(wanted)) return Math.Min(Environment.ProcessorCount, MaxThreads);
        return int.TryParse(wanted, out int threads) && threads is >= 1 and <= MaxThreads
            ? threads
            : throw new DeviceException($"ENGINE_THREADS must be a number from 1 to {MaxThreads}; found '{wanted}'.");
    }
}
