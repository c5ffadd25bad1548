namespace ILGPU.Runtime;

/// <summary>A one-dimensional view with a stride; <see cref="BaseView"/> is what kernels take.</summary>
internal readonly struct ArrayView1D<T, TStride>(ArrayView<T> baseView, LongIndex1D extent, TStride stride)
    where T : unmanaged
    where TStride : struct, IStride1D
{
    public static readonly int ElementSize = ArrayView<T>.ElementSize;

    public ArrayView<T> BaseView { get; } = baseView;

    public LongIndex1D Extent { get; } = extent;

    public Index1D IntExtent => Extent.ToIntIndex();

    public TStride Stride { get; } = stride;

    public long Length => Extent.X * Stride.XStride;

    public int IntLength => checked((int)Length);

    public long LengthInBytes => Length * ElementSize;

    public bool IsValid => BaseView.IsValid;

    public ref T this[Index1D index] => ref BaseView[(long)index.X * Stride.XStride];

    public ref T this[LongIndex1D index] => ref BaseView[index.X * Stride.XStride];

    public ArrayView<T> AsContiguous() => BaseView.SubView(0, Length);

    public ArrayView1D<T, TStride> SubView(Index1D index, Index1D extent) => SubView(index.ToLongIndex(), extent.ToLongIndex());

    public ArrayView1D<T, TStride> SubView(LongIndex1D index, LongIndex1D extent) =>
        new(BaseView.SubView(index.X * Stride.XStride, extent.X * Stride.XStride), extent, Stride);
}
