using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>
/// A window on the elements of a buffer. On a card an index outside it reads someone else's memory; here every access is checked.
/// It holds its buffer by reference, as ILGPU's does, so that neither of the two is an unmanaged type.
/// </summary>
internal readonly unsafe struct ArrayView<T>
    where T : unmanaged
{
    public static readonly int ElementSize = sizeof(T);

    public static readonly ArrayView<T> Empty;

    private readonly MemoryBuffer? buffer;
    private readonly long start;

    public ArrayView(MemoryBuffer source, long index, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (index < 0 || length < 0 || (index + length) * sizeof(T) > source.LengthInBytes)
        {
            throw new IndexOutOfRangeException(
                $"A view of {length} {typeof(T).Name} from index {index} does not lie in a buffer of {source.LengthInBytes} bytes.");
        }

        buffer = source;
        start = index;
        Length = length;
    }

    public long Length { get; }

    public int IntLength => checked((int)Length);

    public long LengthInBytes => Length * sizeof(T);

    public LongIndex1D Extent => new(Length);

    public Index1D IntExtent => new(IntLength);

    public Stride1D.Dense Stride => default;

    public bool IsValid => buffer is not null && Length > 0;

    public ref T this[int index] => ref At(index);

    public ref T this[long index] => ref At(index);

    public ref T this[Index1D index] => ref At(index.X);

    public ref T this[LongIndex1D index] => ref At(index.X);

    public ArrayView<T> SubView(long index) => SubView(index, Length - index);

    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    public ArrayView<T> SubView(long index, long subViewLength)
    {
        // ILGPU asserts the same: an empty view may start at the first element of an empty view, but not behind the last of a full one.
        if (index < 0 || subViewLength < 0 || index + subViewLength > Length || (index == Length && Length > 0))
        {
            throw new IndexOutOfRangeException(
                $"A sub-view of {subViewLength} elements from index {index} does not lie in a view of {Length} {typeof(T).Name}.");
        }

        return buffer is null ? default : new ArrayView<T>(buffer, start + index, subViewLength);
    }

    /// <summary>The same memory as elements of another type; bytes at the end that fill no whole element are left out.</summary>
    public ArrayView<TOther> Cast<TOther>()
        where TOther : unmanaged
    {
        if (buffer is null)
        {
            return default;
        }

        long first = start * sizeof(T);
        if (first % sizeof(TOther) != 0)
        {
            throw new InvalidOperationException(
                $"A view of {typeof(T).Name} that starts at byte {first} of its buffer cannot be read as {typeof(TOther).Name}: " +
                $"the start has to be a multiple of its {sizeof(TOther)} bytes.");
        }

        return new ArrayView<TOther>(buffer, first / sizeof(TOther), LengthInBytes / sizeof(TOther));
    }

    public override string ToString() => $"{start} [{Length}]";

    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Extent, default);

    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView.SubView(0, view.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref T At(long index)
    {
        if ((ulong)index >= (ulong)Length)
        {
            ThrowOutside(index);
        }

        nint origin = buffer!.NativePtr;
        if (origin == 0)
        {
            ThrowDisposed();
        }

        return ref ((T*)origin)[start + index];
    }

    [DoesNotReturn]
    private void ThrowOutside(long index) =>
        throw new IndexOutOfRangeException($"Index {index} is outside a view of {Length} {typeof(T).Name}.");

    [DoesNotReturn]
    private static void ThrowDisposed() =>
        throw new ObjectDisposedException(nameof(MemoryBuffer), $"The buffer behind a view of {typeof(T).Name} has been disposed.");
}
