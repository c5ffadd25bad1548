using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>x, held between two constants; NaN for NaN.</summary>
/// <param name="low">The smallest value.</param>
/// <param name="high">The largest value.</param>
public readonly struct Clamp(double low, double high) : IUnaryOp
{
    private readonly double _low = low;
    private readonly double _high = high;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.Min(T.Max(x, T.Of(_low)), T.Of(_high));
}

/// <summary>dx = g where low &lt;= x &lt;= high, 0 elsewhere.</summary>
/// <param name="low">The smallest value.</param>
/// <param name="high">The largest value.</param>
public readonly struct ClampGradient(double low, double high) : IBinaryOp
{
    private readonly double _low = low;
    private readonly double _high = high;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x) where T : unmanaged, ILane<T> =>
        T.SelectLess(x, T.Of(_low), T.Of(0), T.SelectLess(T.Of(_high), x, T.Of(0), g));
}
