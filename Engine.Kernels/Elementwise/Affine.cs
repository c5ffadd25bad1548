using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Elementwise;

/// <summary>scale x + offset, for two constants: what adding, subtracting and multiplying by a number come to.</summary>
/// <param name="scale">The factor.</param>
/// <param name="offset">The summand.</param>
public readonly struct Affine(double scale, double offset) : IUnaryOp
{
    private readonly double _scale = scale;
    private readonly double _offset = offset;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => T.MulAdd(x, T.Of(_scale), T.Of(_offset));
}
