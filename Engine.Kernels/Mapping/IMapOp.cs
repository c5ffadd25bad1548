using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Mapping;

/// <summary>The one form behind operations of one to four arguments, so that the loop over memory is written once.</summary>
internal interface IMapOp
{
    /// <summary>The number of arguments that are read; the others are not touched.</summary>
    static abstract int Arity { get; }

    T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T>;
}

internal readonly struct UnaryMap<TOp>(TOp op) : IMapOp where TOp : unmanaged, IUnaryOp
{
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
