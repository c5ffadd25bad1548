using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>1 where x &lt; y, 0.5 where they are equal, 0 elsewhere: the share of a gradient that the smaller argument takes.</summary>
public readonly struct Less : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> =>
        T.SelectEqual(x, y, T.Of(0.5), T.SelectLess(x, y, T.Of(1), T.Of(0)));
}
