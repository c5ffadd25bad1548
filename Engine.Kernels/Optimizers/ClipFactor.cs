using System.Runtime.CompilerServices;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Optimizers;

/// <summary>
/// What gradients are multiplied with so that their norm is at most <c>most</c>: 1 where it is, and where it is not finite.
/// </summary>
/// <param name="most">The largest norm.</param>
internal readonly struct ClipFactor(double most) : IUnaryOp
{
    private readonly double _most = most;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        // most / sqrt(sum of squares), which is 0 for an infinite sum and NaN for one that is no number: neither is between 0 and 1
        T factor = T.Of(_most) / T.Sqrt(x);
        return T.SelectLess(T.Of(0), factor, T.SelectLess(factor, T.Of(1), factor, T.Of(1)), T.Of(1));
    }
}
