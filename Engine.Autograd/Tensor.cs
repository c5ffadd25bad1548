using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine.Autograd;

/// <summary>
/// A row-major array on a device, and what is known of how it was computed. Images are NHWC: batch, height, width, channels.
/// What is computed while a <see cref="Tape"/> is open belongs to that tape and goes with it; a tensor made with no tape open belongs to
/// no tape and is released by <see cref="Dispose"/>.
/// </summary>
public partial class Tensor : IDisposable
{
    private readonly Storage _storage;
    private bool _disposed;

    internal Tensor(Storage storage, Shape shape, Tape? tape)
    {
        _storage = storage;
        Shape = shape;
        Tape = tape;
        tape?.Own(this);
    }

    /// <summary>The extents, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>The type of the elements.</summary>
    public DType DType => _storage.DType;

    /// <summary>The device that holds the elements.</summary>
    public Device Device => _storage.Device;

    /// <summary>The number of elements.</summary>
    public int Count => Shape.Count;

    /// <summary>The elements' memory, for kernels.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed, or the tape that owned it was.</exception>
    public Storage Storage
    {
        get
        {
            ThrowIfDisposed();
            return _storage;
        }
    }

    /// <summary>The tape that owns the memory; null when it belongs to no tape.</summary>
    internal Tape? Tape { get; }

    /// <summary>The place of the operation that made this tensor on <see cref="Tape"/>; -1 when none is recorded.</summary>
    internal int Node { get; set; } = -1;

    /// <summary>
    /// True for tensors that gradients are taken with respect to: parameters, and what <see cref="Autograd.Tape.Watch"/> marked.
    /// </summary>
    internal bool IsLeaf { get; set; }

    /// <summary>
    /// True for a gradient that was computed without recording how, for what was computed from a result that another tape recorded, and for
    /// everything computed from either: differentiating it would leave a part out.
    /// </summary>
    internal bool HasLostGraph { get; set; }

    internal bool IsDisposed => _disposed;

    /// <summary>The same elements, taken out of the graph: no gradient flows back through the result.</summary>
    public Tensor Detach()
    {
        Tape tape = Tape.Open(nameof(Detach), this);
        Tensor y = tape.Alias(this, Shape);
        tape.Trace?.Add(nameof(Detach), y, [this]);
        return y;
    }

    /// <summary>The single element.</summary>
    /// <exception cref="InvalidOperationException">There is not exactly one element.</exception>
    public double Item()
    {
        if (Count != 1) throw new InvalidOperationException($"Item: expected one element, found shape {Shape}.");
        return ToDoubles()[0];
    }

    /// <summary>A copy of the elements of a float32 tensor, in row-major order.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not float32.</exception>
    public float[] ToArray() => Copy<float>();

    /// <summary>A copy of the elements of an int32 tensor, in row-major order.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not int32.</exception>
    public int[] ToInts() => Copy<int>();

    /// <summary>A copy of the elements as float64, in row-major order, whatever the type.</summary>
    public double[] ToDoubles() => DType switch
    {
        DType.Float64 => Copy<double>(),
        DType.Float32 => Array.ConvertAll(Copy<float>(), x => (double)x),
        _ => Array.ConvertAll(Copy<int>(), x => (double)x),
    };

    /// <summary>Releases the memory. A tape does this for the tensors that it owns.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _storage.Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the memory of a tensor whose tape nobody can reach any more; called by a finaliser.</summary>
    internal void Forget()
    {
        if (_disposed) return;
        _disposed = true;
        _storage.ReleaseForgotten();
    }

    internal void ThrowIfDisposed()
    {
        if (_disposed)
        {
            throw new ObjectDisposedException(
                null, $"The tensor {DType} {Shape} was released: a tape owns what is computed on it. Use Tape.Keep to take a tensor "
                    + "out of its tape.");
        }
    }

    /// <summary>An axis of an operation, counted from the outermost.</summary>
    private int Axis(string operation, int axis) => axis >= -Shape.Rank && axis < Shape.Rank
        ? Shape.Axis(axis)
        : throw new ArgumentOutOfRangeException(nameof(axis), $"{operation}: expected an axis of shape {Shape}, found axis {axis}.");

    private T[] Copy<T>([CallerMemberName] string operation = "") where T : unmanaged
    {
        ThrowIfDisposed();
        if (DTypes.Of<T>() != DType) throw new InvalidOperationException(
            $"{operation}: expected a tensor of {DTypes.Of<T>()}, found {DType} {Shape}.");
        Tape.Current?.Trace?.ThrowIfRead(operation, this);
        T[] values = new T[Count];
        Storage.CopyTo<T>(values);
        return values;
    }
}
