namespace Engine.Kernels.Devices;

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

    private protected override void ReturnToPool()
    {
        _device.Pool.Return(_block, _bytes);
        _block = 0;
    }
}
