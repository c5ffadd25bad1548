using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>Copies between views and the host's memory. The simulator's memory is the host's, so each is one copy.</summary>
internal static class ArrayViewExtensions
{
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, T[] data)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D<T>(data.LongLength);
        buffer.View.CopyFromCPU(data);
        return buffer;
    }

    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged => Span(view.BaseView, view.Length).ToArray();

    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer)
        where T : unmanaged => buffer.View.GetAsArray1D();

    public static void CopyFromCPU<T>(this ArrayView<T> view, T[] data)
        where T : unmanaged => data.AsSpan().CopyTo(Span(view, data.Length));

    public static void CopyToCPU<T>(this ArrayView<T> view, T[] data)
        where T : unmanaged => Span(view, data.Length).CopyTo(data);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data)
        where T : unmanaged => view.BaseView.CopyFromCPU(data);

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data)
        where T : unmanaged => view.BaseView.CopyToCPU(data);

    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data)
        where T : unmanaged => buffer.View.CopyFromCPU(data);

    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data)
        where T : unmanaged => buffer.View.CopyToCPU(data);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ReadOnlySpan<T> span)
        where T : unmanaged => span.CopyTo(Span(target.BaseView, span.Length));

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in Span<T> span)
        where T : unmanaged => Span(source.BaseView, span.Length).CopyTo(span);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, ref T cpuData, long length)
        where T : unmanaged => MemoryMarshal.CreateSpan(ref cpuData, checked((int)length)).CopyTo(Span(target.BaseView, length));

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, ref T cpuData, long length)
        where T : unmanaged => Span(source.BaseView, length).CopyTo(MemoryMarshal.CreateSpan(ref cpuData, checked((int)length)));

    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, ArrayView1D<T, Stride1D.Dense> target)
        where T : unmanaged => Span(source.BaseView, source.Length).CopyTo(Span(target.BaseView, source.Length));

    public static void CopyTo<T>(
        this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in ArrayView1D<T, Stride1D.Dense> target)
        where T : unmanaged => source.CopyTo(target);

    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, byte value)
        where T : unmanaged => MemoryMarshal.AsBytes(Span(view.BaseView, view.Length)).Fill(value);

    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged => view.MemSet(0);

    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream)
        where T : unmanaged => view.MemSet(0);

    private static Span<T> Span<T>(ArrayView<T> view, long length)
        where T : unmanaged
    {
        if (length == 0)
        {
            return [];
        }

        ArrayView<T> part = view.SubView(0, length);
        return MemoryMarshal.CreateSpan(ref part[0], checked((int)length));
    }
}
