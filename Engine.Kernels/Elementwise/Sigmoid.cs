using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>y = 1 / (1 + e^-x).</summary>
public readonly struct Sigmoid : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Sigmoid(x);
}

/// <summary>dx = g y (1 - y), from the output y.</summary>
public readonly struct SigmoidGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => g * (y * (T.Of(1) - y));
}
