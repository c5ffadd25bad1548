namespace ILGPU.Runtime;

/// <summary>A one-dimensional buffer, made by <see cref="ILGPU.Runtime.Accelerator.Allocate1D{T}(long)"/>.</summary>
internal class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    protected MemoryBuffer1D(Accelerator accelerator, long length, TStride stride)
        : base(accelerator, length * stride.XStride, ArrayView<T>.ElementSize) =>
        View = new(new ArrayView<T>(this, 0, length * stride.XStride), new LongIndex1D(length), stride);

    public LongIndex1D Extent => View.Extent;

    public Index1D IntExtent => View.IntExtent;

    public ArrayView<T> AsContiguous() => View.AsContiguous();
}
