using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

/// <summary>Elements in the memory of an <see cref="IlgpuDevice"/>.</summary>
internal sealed unsafe class IlgpuStorage : Storage
{
    private readonly IlgpuDevice _device;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _buffer;

    internal IlgpuStorage(IlgpuDevice device, DType dtype, int length) : base(device, dtype, length)
    {
        _device = device;
        _buffer = device.Pool.Rent(HostMemoryPool.RoundUp((long)length * dtype.SizeInBytes()));
    }

    internal override void* HostPointer => null;

    /// <summary>The elements as kernels see them; <typeparamref name="T"/> is the element type or a struct that wraps it.</summary>
    internal ArrayView<T> View<T>() where T : unmanaged
    {
        ThrowIfReleased();
        return _buffer!.View.BaseView.SubView(0, (long)Length * DType.SizeInBytes()).Cast<T>();
    }

    /// <summary>The elements of a storage that is on an <see cref="IlgpuDevice"/>.</summary>
    internal static ArrayView<T> ViewOf<T>(Storage storage) where T : unmanaged => ((IlgpuStorage)storage).View<T>();

    /// <summary>The address of the first element on the device, for instructions that take one.</summary>
    internal static long AddressOf(Storage storage)
    {
        storage.ThrowIfReleased();
        return ((IlgpuStorage)storage)._buffer!.NativePtr;
    }

    private protected override void Upload(void* source, long bytes)
    {
        if (bytes == 0) return;
        ReadOnlySpan<byte> span = new(source, checked((int)bytes));
        _buffer!.View.SubView(0, bytes).CopyFromCPU(_device.Accelerator.DefaultStream, span);
        _device.Synchronize();
    }

    private protected override void Download(void* destination, long bytes)
    {
        if (bytes == 0) return;
        Span<byte> span = new(destination, checked((int)bytes));
        _buffer!.View.SubView(0, bytes).CopyToCPU(_device.Accelerator.DefaultStream, span);
        _device.Synchronize();
    }

    private protected override void ReturnToPool()
    {
        _device.Pool.Return(_buffer!);
        _buffer = null;
    }
}
