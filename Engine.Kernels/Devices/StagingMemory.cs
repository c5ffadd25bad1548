using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
#if ILGPU
using ILGPU.Runtime.Cuda;
#endif

namespace Engine.Kernels;

/// <summary>
/// Host memory that uploads go through. The caller's memory may be written over as soon as an upload returns, while the copy waits on the stream behind the kernels
/// before it; so the bytes are first put here, where nobody writes until the device has passed them. Batches and labels then reach the device without a wait: the host
/// waits once in 8 MiB, when it comes round to the beginning. The memory is page-locked where the driver allows it, which is what lets a copy run beside kernels.
/// </summary>
internal sealed unsafe class StagingMemory : IDisposable
{
    internal const long Size = 8L << 20;

    /// <summary>What is larger is copied from where it lies, and waited for: it is data for many steps, not of one.</summary>
    internal const long Largest = Size / 4;

    private const long Alignment = 256;

    private readonly Lock _gate = new();
    private readonly IlgpuDevice _device;
    private readonly byte* _memory;
    private long _next;
#if ILGPU
    private readonly PageLockScope<byte>? _locked;
#endif

    internal StagingMemory(IlgpuDevice device)
    {
        _device = device;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Size, 4096);
#if ILGPU
        try
        {
            if (device.Accelerator is CudaAccelerator) _locked = device.Accelerator.CreatePageLockFromPinned<byte>((nint)_memory, Size);
        }
        catch (AcceleratorException)
        {
            // A machine may not let a process lock memory: the driver then copies once more.
        }
#endif
    }

    internal void Upload(void* source, long bytes, ArrayView1D<byte, Stride1D.Dense> target)
    {
        AcceleratorStream stream = _device.Accelerator.DefaultStream;
        if (bytes > Largest)
        {
            target.CopyFromCPU(stream, new ReadOnlySpan<byte>(source, checked((int)bytes)));
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
            target.CopyFromCPU(stream, new ReadOnlySpan<byte>(_memory + _next, (int)bytes));
            _next = (_next + bytes + Alignment - 1) / Alignment * Alignment;
        }
    }

    public void Dispose()
    {
#if ILGPU
        _locked?.Dispose();
#endif
        NativeMemory.AlignedFree(_memory);
    }
}
