using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>y = x sigmoid(x) (Elfwing et al. 2017, arXiv:1702.03118; also called Swish).</summary>
public readonly struct Silu : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x * LaneMath.Sigmoid(x);
}

/// <summary>dx = g s (1 + x (1 - s)), s = sigmoid(x), from the input x.</summary>
public readonly struct SiluGradient : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T>
    {
        T s = LaneMath.Sigmoid(x);
        return g * s * T.MulAdd(x, T.Of(1) - s, T.Of(1));
    }
}
