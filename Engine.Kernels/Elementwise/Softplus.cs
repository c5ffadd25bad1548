using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>log(1 + e^x), without overflow.</summary>
public readonly struct Softplus : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Softplus(x);
}

/// <summary>dx = g sigmoid(x).</summary>
public readonly struct SoftplusGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> => g * LaneMath.Sigmoid(x);
}
