using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>
/// Native memory, aligned to 64 bytes. It begins filled with 0xFF, which is NaN to every floating-point type: memory that was read
/// before it was written shows, where a card would hand out what was left there.
/// </summary>
internal abstract unsafe class MemoryBuffer : AcceleratorObject
{
    private const int Alignment = 64;

    protected MemoryBuffer(Accelerator accelerator, long length, int elementSize)
        : base(accelerator)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elementSize);
        Length = length;
        ElementSize = elementSize;
        nuint bytes = checked((nuint)LengthInBytes);
        NativePtr = (nint)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment);
        NativeMemory.Fill((void*)NativePtr, bytes, 0xFF);
        GC.AddMemoryPressure(Math.Max(LengthInBytes, 1));
    }

    ~MemoryBuffer() => Dispose(disposing: false);

    public IntPtr NativePtr { get; private set; }

    public long Length { get; }

    public int ElementSize { get; }

    public long LengthInBytes => Length * ElementSize;

    public ArrayView<byte> AsRawArrayView() => AsRawArrayView(0, LengthInBytes);

    public ArrayView<byte> AsRawArrayView(long offsetInBytes) => AsRawArrayView(offsetInBytes, LengthInBytes - offsetInBytes);

    public ArrayView<byte> AsRawArrayView(long offsetInBytes, long lengthInBytes) => new(this, offsetInBytes, lengthInBytes);

    public ArrayView<T> AsArrayView<T>(long offset, long length)
        where T : unmanaged => new(this, offset, length);

    public void MemSet(AcceleratorStream stream, byte value, long targetOffsetInBytes, long length)
    {
        if (length > 0)
        {
            ArrayView<byte> target = AsRawArrayView(targetOffsetInBytes, length);
            NativeMemory.Fill(Unsafe.AsPointer(ref target[0]), checked((nuint)length), value);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (NativePtr != 0)
        {
            NativeMemory.AlignedFree((void*)NativePtr);
            NativePtr = 0;
            GC.RemoveMemoryPressure(Math.Max(LengthInBytes, 1));
        }
    }
}
