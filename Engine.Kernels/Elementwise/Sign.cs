using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>-1, 0 or 1 by the sign of x; NaN for NaN.</summary>
public readonly struct Sign : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> =>
        T.SelectEqual(x, T.Of(0), T.Of(0), T.SelectEqual(x, x, T.CopySign(T.Of(1), x), x));
}
