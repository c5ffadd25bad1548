using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>The smaller of x and y; NaN if either is.</summary>
public readonly struct Minimum : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.Min(x, y);
}
