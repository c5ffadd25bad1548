using System.Runtime.InteropServices;

namespace Engine.Kernels;

/// <summary>
/// A block of elements on a device, taken from the device's pool. It is shared by counting references: whoever keeps it
/// calls <see cref="AddReference"/>, whoever lets go calls <see cref="Release"/>, and the last release gives the memory back
/// to the pool. A storage that nobody can reach any more without having been released gives its memory back after a garbage collection:
/// releasing is the fast way, since the collector only runs when it has to.
/// </summary>
public abstract unsafe class Storage
{
    private int _references = 1;
    private ForgottenStorage? _guard;

    private protected Storage(Device device, DType dtype, int length)
    {
        Device = device;
        DType = dtype;
        Length = length;
    }

    /// <summary>The device whose memory this is.</summary>
    public Device Device { get; }

    /// <summary>The type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>True once the last reference was released: the memory belongs to the pool again.</summary>
    public bool IsReleased => Volatile.Read(ref _references) <= 0;

    /// <summary>Counts what writes over elements that were read before: optimiser steps and new values of a parameter.</summary>
    internal int Version { get; set; }

    /// <summary>
    /// The two smallest and the two largest values among integers that came from the host to another device, so that labels and tokens are
    /// checked without bringing them back, even where one of them stands for rows that are ignored; null where they were computed.
    /// </summary>
    private (int Low, int NextLow, int NextHigh, int High)? Range { get; set; }

    /// <summary>How many share the storage.</summary>
    internal int References => Volatile.Read(ref _references);

    /// <summary>The elements as host memory; 64-byte aligned. Null when the device is not the host.</summary>
    internal abstract void* HostPointer { get; }

    /// <summary>Adds a reference.</summary>
    /// <exception cref="ObjectDisposedException">The last reference was released already.</exception>
    public void AddReference()
    {
        // Looked at and counted up in one step: an increment of its own could come after the last release, when the pool has the memory.
        int references = Volatile.Read(ref _references);
        for (int seen; ; references = seen)
        {
            ObjectDisposedException.ThrowIf(references <= 0, this);
            seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references) return;
        }
    }

    /// <summary>Lets go of one reference; the last one gives the memory back to the pool.</summary>
    /// <exception cref="ObjectDisposedException">The last reference was released already.</exception>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        ObjectDisposedException.ThrowIf(left < 0, this);
        if (left > 0) return;
        _guard?.Dismiss();
        ReturnToPool();
    }

    /// <summary>
    /// Has the garbage collector give the memory back where nobody does. Not for what a tape or a scope owns: they release it, and a
    /// finaliser for each would cost more than all the rest of an allocation.
    /// </summary>
    internal void GuardAgainstForgetting() => _guard ??= new ForgottenStorage(this);

    /// <summary>Lets go of a reference of an owner that nobody can reach; called by a finaliser, and so it never throws.</summary>
    internal void ReleaseForgotten()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        _guard?.Dismiss();
        ReturnToPool(isForgotten: true);
    }

    /// <summary>Gives the memory of a storage that nobody can reach back to the pool; called by a finaliser.</summary>
    internal void Abandon()
    {
        if (Interlocked.Exchange(ref _references, 0) > 0) ReturnToPool(isForgotten: true);
    }

    /// <summary>The bytes that the elements take.</summary>
    internal long Bytes => (long)Length * DType.SizeInBytes();

    /// <summary>The elements, when the device is the host.</summary>
    /// <typeparam name="T">float, double or int, as <see cref="DType"/> says.</typeparam>
    /// <exception cref="InvalidOperationException">
    /// The storage is on another device (use <see cref="CopyTo"/>), or holds another type.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The storage was released.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        Check<T>(Length, nameof(AsSpan));
        if (HostPointer == null)
            throw new InvalidOperationException($"The storage is on device '{Device.Name}', not in host memory: copy it with CopyTo.");
        return new Span<T>(HostPointer, Length);
    }

    /// <summary>Copies <see cref="Length"/> elements from the host into the storage.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="InvalidOperationException">The storage holds another type.</exception>
    public void CopyFrom<T>(ReadOnlySpan<T> source) where T : unmanaged
    {
        Check<T>(source.Length, nameof(CopyFrom));
        Range = typeof(T) == typeof(int) && Length > 0 && HostPointer == null ? RangeOf(MemoryMarshal.Cast<T, int>(source)) : null;
        fixed (T* p = source) Upload(p, (long)Length * sizeof(T));
    }

    /// <summary>Copies all <see cref="Length"/> elements to the host, after what was launched on the device has finished.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="InvalidOperationException">The storage holds another type.</exception>
    public void CopyTo<T>(Span<T> destination) where T : unmanaged
    {
        Check<T>(destination.Length, nameof(CopyTo));
        fixed (T* p = destination) Download(p, (long)Length * sizeof(T));
    }

    /// <summary>
    /// Whether every element is known to be from 0 to <paramref name="count"/> - 1, but for those of the value <paramref name="ignored"/>.
    /// </summary>
    internal bool IsWithin(int count, int? ignored = null)
    {
        if (Range is not var (low, nextLow, nextHigh, high)) return false;
        if (low == ignored) low = nextLow;
        if (high == ignored) high = nextHigh;
        return low > high || (low >= 0 && high < count);
    }

    /// <summary>Says that a kernel writes whole numbers here.</summary>
    internal void ForgetRange() => Range = null;

    /// <summary>Says that a kernel writes whole numbers from 0 to <paramref name="count"/> - 1 here.</summary>
    internal void LimitRange(int count) => Range = HostPointer == null ? (0, 0, count - 1, count - 1) : null;

    private static (int Low, int NextLow, int NextHigh, int High) RangeOf(ReadOnlySpan<int> values)
    {
        (int low, int high) = (values[0], values[0]);
        foreach (int value in values) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        (int nextLow, int nextHigh) = (int.MaxValue, int.MinValue);
        foreach (int value in values)
        {
            if (value > low) nextLow = Math.Min(nextLow, value);
            if (value < high) nextHigh = Math.Max(nextHigh, value);
        }

        return (low, nextLow, nextHigh, high);
    }

    private protected abstract void Upload(void* source, long bytes);

    private protected abstract void Download(void* destination, long bytes);

    /// <summary>Gives the memory back.</summary>
    /// <param name="isForgotten">Whether a finaliser does: then nothing may be thrown.</param>
    private protected abstract void ReturnToPool(bool isForgotten = false);

    /// <summary>The elements as a typed host pointer, for host kernels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T* Pointer<T>() where T : unmanaged
    {
        ThrowIfReleased();
        return (T*)HostPointer;
    }

    /// <summary>Throws where the memory is no longer the storage's, and keeps the storage from the garbage collector for a while.</summary>
    internal void ThrowIfReleased()
    {
        ObjectDisposedException.ThrowIf(IsReleased, this);
        RecentStorages.Add(this);
    }

    private void Check<T>(int length, string operation) where T : unmanaged
    {
        ThrowIfReleased();
        if (DTypes.Of<T>() != DType)
            throw new InvalidOperationException($"{operation}: the storage holds {DType}, not {DTypes.Of<T>()}.");
        if (length != Length)
            throw new ArgumentException($"{operation}: expected a span of the storage's {Length} elements, found {length}.");
    }
}

/// <summary>Gives the memory of a storage back that was neither released nor can be reached, when the collector finds that out.</summary>
internal sealed class ForgottenStorage
{
    /// <summary>Guarded bytes that are no reason to look for forgotten ones.</summary>
    private const long Enough = 256 << 20;

    private static long s_bytes, s_limit = Enough;

    private readonly Storage _storage;

    internal ForgottenStorage(Storage storage)
    {
        _storage = storage;

        // The collector knows nothing of the memory that hangs on a small object, and would not run for it: it is called whenever what is
        // guarded has doubled. GC.AddMemoryPressure lets several times as much pile up, since it does not wait for the finalisers.
        if (Interlocked.Add(ref s_bytes, storage.Bytes) <= Volatile.Read(ref s_limit)) return;
        Volatile.Write(ref s_limit, long.MaxValue);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Volatile.Write(ref s_limit, Math.Max(Enough, 2 * Volatile.Read(ref s_bytes)));
    }

    ~ForgottenStorage()
    {
        Interlocked.Add(ref s_bytes, -_storage.Bytes);
        _storage.Abandon();
    }

    /// <summary>Called when the storage is released as it should be.</summary>
    internal void Dismiss()
    {
        GC.SuppressFinalize(this);
        Interlocked.Add(ref s_bytes, -_storage.Bytes);
    }
}

/// <summary>
/// The storages that a thread has used last. A kernel works with addresses, which keep nothing alive: the collector could find an argument
/// that its caller does not need afterwards to be unreachable while the kernel still reads it.
/// </summary>
internal sealed class RecentStorages
{
    /// <summary>More than any kernel takes, but for updates of many arrays, whose owners hold them.</summary>
    private const int Count = 32;

    [ThreadStatic]
    private static RecentStorages? s_ofThread;

    private readonly Storage?[] _storages = new Storage?[Count];
    private int _next;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Add(Storage storage)
    {
        RecentStorages recent = s_ofThread ??= new RecentStorages();
        recent._storages[recent._next++ & (Count - 1)] = storage;
    }
}

/// <summary>Storages that may be absent.</summary>
internal static unsafe class OptionalStorage
{
    /// <summary>The elements as a typed host pointer; null where there is no storage.</summary>
    internal static T* PointerOrNull<T>(this Storage? storage) where T : unmanaged => storage is null ? null : storage.Pointer<T>();
}

/// <summary>Memory that an operation takes for itself and gives back at the end of the scope.</summary>
/// <param name="device">The device whose memory it is.</param>
/// <param name="dtype">The type of the elements.</param>
/// <param name="length">The number of elements.</param>
internal readonly struct Scratch(Device device, DType dtype, int length) : IDisposable
{
    /// <summary>The memory.</summary>
    internal readonly Storage Storage = device.AllocateOwned(dtype, length);

    public static implicit operator Storage(Scratch scratch) => scratch.Storage;

    /// <inheritdoc cref="Storage.Pointer"/>
    internal unsafe T* Pointer<T>() where T : unmanaged => Storage.Pointer<T>();

    public void Dispose() => Storage.Release();
}
