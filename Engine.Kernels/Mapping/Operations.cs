namespace Engine.Kernels.Mapping;

/// <summary>An elementwise operation of one argument. Written once in lanes, it runs as SIMD on the host and as a GPU kernel.</summary>
public interface IUnaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x) where T : unmanaged, ILane<T>;
}

/// <summary>An elementwise operation of two arguments; see <see cref="IUnaryOp"/>.</summary>
public interface IBinaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x, T y) where T : unmanaged, ILane<T>;
}

/// <summary>An elementwise operation of three arguments; see <see cref="IUnaryOp"/>.</summary>
public interface ITernaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x, T y, T z) where T : unmanaged, ILane<T>;
}

/// <summary>An elementwise operation of four arguments; see <see cref="IUnaryOp"/>.</summary>
public interface IQuaternaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T>;
}

/// <summary>
/// An elementwise operation that renews up to four arrays in place from one more in one pass over memory: what an optimiser does
/// with a parameter, what it remembers of it, and its gradient.
/// </summary>
public interface IUpdateOp
{
    /// <summary>The number of arrays that are renewed: 1 to 4.</summary>
    static abstract int States { get; }

    /// <summary>Renews the states; those past <see cref="States"/> are not used.</summary>
    void Apply<T>(ref T first, ref T second, ref T third, ref T fourth, T x) where T : unmanaged, ILane<T>;
}

/// <summary>The one form behind operations of one to four arguments, so that the loop over memory is written once.</summary>
internal interface IMapOp
{
    /// <summary>The number of arguments that are read; the others are not touched.</summary>
    static abstract int Arity { get; }

    T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T>;
}

internal readonly struct UnaryMap<TOp>(TOp op) : IMapOp where TOp : unmanaged, IUnaryOp
{
    // A field of its own, read by value: a captured parameter would be read by address, for which ILGPU keeps the struct in local memory.
    private readonly TOp _op = op;

    public static int Arity => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T> => _op.Apply(x);
}

internal readonly struct BinaryMap<TOp>(TOp op) : IMapOp where TOp : unmanaged, IBinaryOp
{
    private readonly TOp _op = op;

    public static int Arity => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T> => _op.Apply(x, y);
}

internal readonly struct TernaryMap<TOp>(TOp op) : IMapOp where TOp : unmanaged, ITernaryOp
{
    private readonly TOp _op = op;

    public static int Arity => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T> => _op.Apply(x, y, z);
}

internal readonly struct QuaternaryMap<TOp>(TOp op) : IMapOp where TOp : unmanaged, IQuaternaryOp
{
    private readonly TOp _op = op;

    public static int Arity => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T> => _op.Apply(x, y, z, w);
}
