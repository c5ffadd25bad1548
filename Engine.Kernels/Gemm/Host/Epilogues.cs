using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Gemm.Host;

/// <summary>sum + bias</summary>
internal readonly struct LinearEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T> => sum + bias;
}

/// <summary>max(sum + bias, 0)</summary>
internal readonly struct ReluEpilogue<T> : IEpilogue<T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T> => TV.Max(sum + bias, TV.Of(0));
}

/// <summary>op(sum + bias), for any elementwise operation.</summary>
internal readonly struct UnaryEpilogue<T, TOp>(TOp op) : IEpilogue<T>
    where T : unmanaged
    where TOp : struct, IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T> => op.Apply(sum + bias);
}
