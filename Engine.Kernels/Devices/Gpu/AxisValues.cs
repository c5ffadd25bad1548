namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// One value for each axis of an array, as GPU kernels take it. The values are separate fields: a fixed buffer that is indexed by a
/// variable would be copied to each thread's local memory before the kernel's first step, which costs more than most kernels do.
/// </summary>
internal readonly struct AxisValues
{
    private readonly int _0, _1, _2, _3, _4, _5;

    /// <summary>Takes up to six values, outermost axis first; the others are 0.</summary>
    internal AxisValues(ReadOnlySpan<int> values)
    {
        Span<int> six = stackalloc int[Shape.MaxRank];
        values.CopyTo(six);
        (_0, _1, _2, _3, _4, _5) = (six[0], six[1], six[2], six[3], six[4], six[5]);
    }

    /// <summary>The value of an axis, selected by comparisons alone.</summary>
    internal int this[int axis] => axis == 0 ? _0 : axis == 1 ? _1 : axis == 2 ? _2 : axis == 3 ? _3 : axis == 4 ? _4 : _5;
}
