using System.Globalization;

namespace Engine.Kernels.Devices.Host;

/// <summary>
/// The host: SIMD kernels on vectors of 512, 256 or 128 bits, as the processor has them or <c>ENGINE_VECTORS</c> says, and a fixed set of
/// worker threads. Neither their number nor the width of the vectors ever changes a result: work is cut so that each element is computed in
/// the same order.
/// </summary>
public sealed class CpuDevice : Device
{
    /// <summary>Opens the host with a number of threads.</summary>
    /// <param name="threads">
    /// Threads that compute, the calling one included; 0 takes <c>ENGINE_THREADS</c>, or else one for each core.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is negative, or over 256.</exception>
    /// <exception cref="DeviceException">
    /// <c>ENGINE_THREADS</c> is not a number from 1 to 256, or <c>ENGINE_VECTORS</c> not 128, 256 or 512, or more than the processor has.
    /// </exception>
    public CpuDevice(int threads = 0) : base("cpu")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Vectors = VectorWidths.Wanted(Environment.GetEnvironmentVariable("ENGINE_VECTORS"));
        VectorWidths.WarnWithoutMultiplyAdd();
        Workers = new WorkerThreads(threads == 0 ? ThreadsWanted(Environment.GetEnvironmentVariable("ENGINE_THREADS")) : threads);
        Pool = new HostMemoryPool();
    }

    /// <summary>The largest number of threads.</summary>
    internal const int MaxThreads = 256;

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads => Workers.Count;

    /// <inheritdoc/>
    public override string Description => $"{Threads} thread{(Threads == 1 ? "" : "s")}, {(int)Vectors}-bit vectors";

    /// <inheritdoc/>
    public override long MemoryInUse => Pool.InUse;

    /// <inheritdoc/>
    public override long MemoryKept => Pool.Kept;

    /// <summary>
    /// The vectors that kernels take. Tests compare the widths: the runtime computes what the processor lacks in parts.
    /// </summary>
    internal VectorWidth Vectors { get; init; }

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

    private protected override void Forget()
    {
        Workers?.End();
        Pool?.Dispose();
    }

    /// <summary>The number of threads that <c>ENGINE_THREADS</c> sets; without it one for each core.</summary>
    internal static int ThreadsWanted(string? wanted)
    {
        if (string.IsNullOrWhiteSpace(wanted)) return Math.Min(Environment.ProcessorCount, MaxThreads);
        bool isNumber = int.TryParse(wanted, NumberStyles.Integer, CultureInfo.InvariantCulture, out int threads);
        return isNumber && threads is >= 1 and <= MaxThreads
            ? threads
            : throw new DeviceException($"ENGINE_THREADS must be a number from 1 to {MaxThreads}; found '{wanted}'.");
    }
}
