namespace Engine.Kernels.Norms;

/// <summary>
/// How the terms of one mean are normalised in a derivative: z = (x scale - center) factor + offset, where the offset puts right what the
/// mean was rounded by, and the scale is 1 unless deviations are next to the largest numbers.
/// </summary>
internal readonly struct RowScale<V>
    where V : unmanaged, ILane<V>
{
    private readonly V _scale, _negativeCenter, _factor, _offset;

    /// <summary>From what a forward pass has found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RowScale(V mean, V reciprocal, V residual)
    {
        _scale = ChannelStatistics.ScaleOf(reciprocal, out V inverse);
        _negativeCenter = -(mean * _scale);
        _factor = reciprocal * inverse;
        _offset = -(residual * reciprocal);
    }

    /// <summary>z</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal V Normalized(V x) => V.MulAdd(V.MulAdd(x, _scale, _negativeCenter), _factor, _offset);
}
