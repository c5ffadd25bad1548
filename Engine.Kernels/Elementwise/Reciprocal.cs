using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>numerator / x, for a constant numerator.</summary>
/// <param name="numerator">The numerator.</param>
public readonly struct Reciprocal(double numerator) : IUnaryOp
{
    private readonly double _numerator = numerator;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Of(_numerator) / x;
}
