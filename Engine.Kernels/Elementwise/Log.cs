using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>The natural logarithm of x: -infinity at 0, NaN below.</summary>
public readonly struct Log : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Log(x);
}
