namespace Engine.Kernels;

/// <summary>
/// Where memory lies and kernels run. <c>cpu</c> is the host with SIMD kernels; <c>simulator</c> is ILGPU's CPU accelerator, which runs the
/// GPU kernels on the host, thread by thread, for tests and teaching; <c>cuda:N</c> and <c>opencl:N</c> are GPUs.
/// </summary>
public abstract class Device : IDisposable
{
    private static readonly Lock s_gate = new();
    private static Device? s_default;
    private volatile bool _disposed;

    private protected Device(string name)
    {
        KernelChoice.Check();
        (Name, Precision) = (name, PrecisionNames.FromEnvironment);
    }

    /// <summary>
    /// The device that is used where none is named: the one that <c>ENGINE_DEVICE</c> names, or else the first of cuda and cpu
    /// that opens. It is opened at the first use and lives as long as the process; once it has been disposed, the next use opens another,
    /// which knows nothing of the storages of the first.
    /// </summary>
    /// <exception cref="DeviceException"><c>ENGINE_DEVICE</c> names a device that does not open.</exception>
    public static Device Default
    {
        get
        {
            lock (s_gate) return s_default = OpenUnlessOpen(s_default, Environment.GetEnvironmentVariable("ENGINE_DEVICE"));
        }
    }

    /// <summary>The device's name, as <see cref="Open"/> takes it: <c>cpu</c>, <c>simulator</c>, <c>cuda:0</c>.</summary>
    public string Name { get; }

    /// <summary>What the device is, in a few words, for people.</summary>
    public abstract string Description { get; }

    /// <summary>Bytes that storages of this device hold at the moment.</summary>
    public abstract long MemoryInUse { get; }

    /// <summary>Bytes that the device's pool keeps for the next request.</summary>
    public abstract long MemoryKept { get; }

    /// <summary>
    /// How exactly matrix products and convolutions multiply on this device from now on: what <c>ENGINE_PRECISION</c> names, and
    /// <see cref="Precision.Float32"/> where it names nothing.
    /// </summary>
    public Precision Precision { get; set; }

    /// <summary>Opens a device of its own (with its own pool and threads) by name; dispose it when done.</summary>
    /// <param name="name">
    /// <c>cpu</c>, <c>cpu:THREADS</c>, <c>simulator</c>, <c>cuda</c>, <c>cuda:N</c>, <c>opencl</c> or <c>opencl:N</c>.
    /// </param>
    /// <exception cref="DeviceException">
    /// There is no such device, or it does not open: the message says which ones there are, and why the others do not open.
    /// </exception>
    public static Device Open(string name) => DeviceFactory.Open(name);

    /// <summary>
    /// Opens a device of its own of the kind that <see cref="Default"/> has, and leaves that one alone; dispose it when done.
    /// </summary>
    /// <exception cref="DeviceException"><c>ENGINE_DEVICE</c> names a device that does not open.</exception>
    public static Device OpenDefault() => DeviceFactory.OpenDefault(Environment.GetEnvironmentVariable("ENGINE_DEVICE"));

    /// <summary>
    /// Takes memory for <paramref name="length"/> elements from the pool. Its contents are undefined. Release it when done: what is
    /// forgotten comes back only when the garbage collector finds it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative, or there is no such type.</exception>
    /// <exception cref="OutOfMemoryException">The device has no more memory.</exception>
    public Storage Allocate(DType dtype, int length)
    {
        Storage storage = AllocateOwned(dtype, length);
        if (!IsMeasuring) storage.GuardAgainstForgetting();
        return storage;
    }

    /// <summary>As <see cref="Allocate"/>, for an owner that releases the memory for certain, such as a tape.</summary>
    internal Storage AllocateOwned(DType dtype, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (dtype is < DType.Float32 or > DType.Int32) throw new ArgumentOutOfRangeException(
            nameof(dtype), dtype, $"Allocate: expected an element type, found {dtype}.");
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Create(dtype, length);
    }

    /// <summary>Waits until everything that was launched on the device has finished.</summary>
    public abstract void Synchronize();

    /// <summary>Closes the device and gives its memory back. Storages of the device must not be used afterwards.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes a device that nobody can reach any more, so that its threads and its memory do not stay.</summary>
    ~Device()
    {
        if (_disposed) return;
        _disposed = true;
        Forget();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Description})";

    /// <summary>The device itself while it is open, or else the one that <paramref name="wanted"/> names.</summary>
    internal static Device OpenUnlessOpen(Device? device, string? wanted) =>
        device is { _disposed: false } ? device : DeviceFactory.OpenDefault(wanted);

    /// <summary>Whether the device only counts memory: then kernels have nothing to do.</summary>
    internal bool IsMeasuring => this is MeasuringDevice;

    /// <summary>Whether what it is asked to compute is computed, so that values can be looked at.</summary>
    internal bool Computes => !IsMeasuring && this is not GpuDevice { SkipsLaunches: true };

    /// <summary>Bytes that storages of the device could still take: of host memory, all but what the process has already.</summary>
    internal virtual long MemoryAvailable => Math.Max(0, HostMemory.Total - Environment.WorkingSet);

    private protected abstract Storage Create(DType dtype, int length);

    private protected abstract void Close();

    /// <summary>As <see cref="Close"/> from a finaliser: it neither waits nor throws.</summary>
    private protected abstract void Forget();
}

/// <summary>A device that does not exist, does not open, or does not do what was asked of it.</summary>
/// <param name="message">What was asked for, what was found, and what can be done.</param>
/// <param name="inner">The failure underneath, where there is one.</param>
public sealed class DeviceException(string message, Exception? inner = null) : Exception(message, inner);
