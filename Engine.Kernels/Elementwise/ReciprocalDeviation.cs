using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Elementwise;

/// <summary>1 / sqrt(variance + epsilon)</summary>
/// <param name="epsilon">What is added to the variance.</param>
public readonly struct ReciprocalDeviation(double epsilon) : IUnaryOp
{
    private readonly double _epsilon = epsilon;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T variance) where T : unmanaged, ILane<T> => ChannelStatistics.ReciprocalDeviation(variance, T.Of(_epsilon));
}
