namespace Engine.Kernels.Devices;

/// <summary>
/// A device without memory and without arithmetic: storages have lengths and no elements, kernels check their arguments and do nothing, and
/// what comes back to the host is left as it was. Whatever runs on it finds out how much memory it would have taken on a real device, in
/// little time and hardly any memory. What kernels take for themselves there is not counted.
/// </summary>
/// <param name="name">The name of the device in whose place it is.</param>
internal sealed class MeasuringDevice(string name) : Device(name)
{
    private long _inUse;
    private long _peak;

    /// <summary>The most bytes that storages have held at a time.</summary>
    internal long Peak => Volatile.Read(ref _peak);

    public override string Description => "counts memory";

    public override long MemoryInUse => Volatile.Read(ref _inUse);

    public override long MemoryKept => 0;

    internal override long MemoryAvailable => long.MaxValue;

    public override void Synchronize()
    {
    }

    internal void Add(long bytes)
    {
        long inUse = Interlocked.Add(ref _inUse, bytes), peak;
        do peak = Peak;
        while (inUse > peak && Interlocked.CompareExchange(ref _peak, inUse, peak) != peak);
    }

    private protected override Storage Create(DType dtype, int length) => new MeasuredStorage(this, dtype, length);

    private protected override void Close()
    {
    }

    private protected override void Forget()
    {
    }
}

/// <summary>The length of a storage, on a <see cref="MeasuringDevice"/>.</summary>
internal sealed unsafe class MeasuredStorage : Storage
{
    private readonly MeasuringDevice _device;

    internal MeasuredStorage(MeasuringDevice device, DType dtype, int length) : base(device, dtype, length)
    {
        _device = device;
        device.Add(HostMemoryPool.RoundUp(Bytes));
    }

    internal override void* HostPointer => null;

    private protected override void Upload(void* source, long bytes)
    {
    }

    private protected override void Download(void* destination, long bytes)
    {
    }

    private protected override void ReturnToPool(bool isForgotten) => _device.Add(-HostMemoryPool.RoundUp(Bytes));
}
