namespace Engine.Kernels.Devices.Gpu;

/// <summary>Elements in the memory of an <see cref="GpuDevice"/>.</summary>
internal sealed unsafe class GpuStorage : Storage
{
    private readonly GpuDevice _device;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _buffer;

    internal GpuStorage(GpuDevice device, DType dtype, int length) : base(device, dtype, length)
    {
        _device = device;
        _buffer = device.Pool.Rent(HostMemoryPool.RoundUp(Bytes));
        if (device.IsSimulator) SimulatorMemory.Prepare(_buffer, Bytes);
    }

    internal override void* HostPointer => null;

    /// <summary>The elements as kernels see them; <typeparamref name="T"/> is the element type or a struct that wraps it.</summary>
    internal ArrayView<T> View<T>() where T : unmanaged
    {
        ThrowIfReleased();
        return _buffer!.View.BaseView.SubView(0, Bytes).Cast<T>();
    }

    /// <summary>The elements of a storage that is on an <see cref="GpuDevice"/>.</summary>
    internal static ArrayView<T> ViewOf<T>(Storage storage) where T : unmanaged => ((GpuStorage)storage).View<T>();

    /// <summary>The address of the first element on the device, for instructions that take one.</summary>
    internal static long AddressOf(Storage storage)
    {
        storage.ThrowIfReleased();
        return ((GpuStorage)storage)._buffer!.NativePtr;
    }

    private protected override void Upload(void* source, long bytes)
    {
        if (bytes == 0) return;
        _device.Activity.Uploads++;
        try
        {
            _device.Failures?.Check(_device.Activity);
            _device.Staging.Upload(source, bytes, _buffer!.View.BaseView.SubView(0, bytes));
        }
        catch (Exception e) when (DriverFailure.Is(e))
        {
            throw _device.Failed(e);
        }
    }

    private protected override void Download(void* destination, long bytes)
    {
        if (bytes == 0) return;
        _device.Activity.Downloads++;
        try
        {
            _device.Failures?.Check(_device.Activity);
            Span<byte> span = new(destination, checked((int)bytes));
            _buffer!.View.SubView(0, bytes).CopyToCPU(_device.Accelerator.DefaultStream, span);
            _device.Synchronize();
        }
        catch (Exception e) when (DriverFailure.Is(e))
        {
            throw _device.Failed(e);
        }
    }

    private protected override void ReturnToPool(bool isForgotten)
    {
        MemoryBuffer1D<byte, Stride1D.Dense> buffer = _buffer!;
        _buffer = null;
        _device.Pool.Return(buffer);
        if (_device.IsSimulator && !isForgotten) SimulatorMemory.Check(buffer, Bytes, DType);
    }
}
