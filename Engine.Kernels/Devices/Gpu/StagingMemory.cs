using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Host memory that uploads go through. The caller's memory may be written over as soon as an upload returns, while the copy waits on the
/// stream behind the kernels before it; so the bytes are first put here, where nobody writes until the device has passed them. Batches and
/// labels then reach the device without a wait: the host waits once in 8 MiB, when it comes round to the beginning. The memory is
/// page-locked where the driver allows it, which is what lets a copy run beside kernels.
/// </summary>
internal sealed unsafe class StagingMemory : IDisposable
{
    internal const long Size = 8L << 20;

    /// <summary>What is larger is copied from where it lies, and waited for: it is data for many steps, not of one.</summary>
    internal const long Largest = Size / 4;

    private const long Alignment = 256;

    private readonly Lock _gate = new();
    private readonly GpuDevice _device;
    private readonly byte* _memory;
    private readonly PageLockScope<byte>? _locked;
    private long _next;

    internal StagingMemory(GpuDevice device)
    {
        _device = device;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Size, 4096);
        try
        {
            if (device.Accelerator is CudaAccelerator) _locked = device.Accelerator.CreatePageLockFromPinned<byte>((nint)_memory, Size);
        }
        catch (AcceleratorException)
        {
            // A machine may not let a process lock memory: the driver then copies once more.
        }
    }

    internal void Upload(void* source, long bytes, ArrayView<byte> target)
    {
        if (bytes > Largest)
        {
            Copy(source, bytes, target);
            _device.Synchronize();
            return;
        }

        lock (_gate)
        {
            if (_next + bytes > Size)
            {
                _device.Synchronize();
                _next = 0;
            }

            Buffer.MemoryCopy(source, _memory + _next, bytes, bytes);
            Copy(_memory + _next, bytes, target);
            _next = (_next + bytes + Alignment - 1) / Alignment * Alignment;
        }
    }

    public void Dispose()
    {
        _locked?.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    // CopyFromCPU would wait for the stream after each copy.
    private void Copy(void* source, long bytes, ArrayView<byte> target) =>
        target.CopyFromCPUUnsafeAsync(_device.Accelerator.DefaultStream, ref Unsafe.AsRef<byte>(source), bytes);
}
