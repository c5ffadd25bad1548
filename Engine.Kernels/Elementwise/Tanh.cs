using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>y = tanh x.</summary>
public readonly struct Tanh : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Tanh(x);
}

/// <summary>dx = g (1 - y²), from the output y.</summary>
public readonly struct TanhGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => g * (T.Of(1) - (y * y));
}
