namespace Engine.Kernels.Devices;

/// <summary>
/// One number for each axis of an array, as GPU kernels take it. The numbers are fields of their own: a fixed buffer that is indexed by a
/// variable would be copied to each thread's local memory before the kernel's first step, which costs more than most kernels do.
/// </summary>
internal readonly struct SixInts
{
    private readonly int _0, _1, _2, _3, _4, _5;

    internal SixInts(ReadOnlySpan<int> numbers)
    {
        Span<int> six = stackalloc int[Shape.MaxRank];
        numbers.CopyTo(six);
        (_0, _1, _2, _3, _4, _5) = (six[0], six[1], six[2], six[3], six[4], six[5]);
    }

    /// <summary>The number of an axis, chosen by comparisons alone.</summary>
    internal int this[int axis] => axis == 0 ? _0 : axis == 1 ? _1 : axis == 2 ? _2 : axis == 3 ? _3 : axis == 4 ? _4 : _5;
}
