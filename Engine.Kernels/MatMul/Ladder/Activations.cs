using Engine.Kernels.Lanes;

namespace Engine.Kernels.Ladder;

/// <summary>x</summary>
internal readonly struct Identity : IUnaryOp
{
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x;
}

/// <summary>max(x, 0); NaN for NaN.</summary>
internal readonly struct Relu : IUnaryOp
{
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Max(x, T.Of(0));
}
