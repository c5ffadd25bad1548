using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>Memory of a running kernel, handed out from the front: shared memory of a group, or local memory of its threads.</summary>
internal sealed class ScratchBuffer(Accelerator accelerator, int bytes) : MemoryBuffer(accelerator, bytes, 1)
{
    private const int Alignment = 64;

    public int Used { get; private set; }

    public bool TryAllocate<T>(int length, out ArrayView<T> view)
        where T : unmanaged
    {
        int unit = ArrayView<T>.ElementSize;

        // A view counts in elements from the start of the buffer, so it begins at a multiple of the element and, for vectors, of 64 bytes.
        long stepBytes = Alignment % unit == 0 ? Alignment : unit;
        long start = (Used + stepBytes - 1) / stepBytes * stepBytes;
        long end = start + ((long)length * unit);
        if (end > Length)
        {
            view = default;
            return false;
        }

        Used = (int)end;
        view = new ArrayView<T>(this, start / unit, length);
        return true;
    }

    /// <summary>Takes everything back, and makes what the last group left there unreadable.</summary>
    public unsafe void Clear()
    {
        new Span<byte>((void*)NativePtr, Used).Fill(0xFF);
        Used = 0;
    }
}
