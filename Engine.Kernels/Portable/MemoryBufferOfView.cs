namespace ILGPU.Runtime;

/// <summary>A buffer and the view on the whole of it.</summary>
internal abstract class MemoryBuffer<TView> : MemoryBuffer
    where TView : struct
{
    protected MemoryBuffer(Accelerator accelerator, long length, int elementSize)
        : base(accelerator, length, elementSize)
    {
    }

    public TView View { get; protected init; }

    public bool IsValid => NativePtr != 0;

    public TView ToArrayView() => View;

    public static implicit operator TView(MemoryBuffer<TView> buffer) => buffer.View;
}
