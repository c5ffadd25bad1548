using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Gemm.Gpu;

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
