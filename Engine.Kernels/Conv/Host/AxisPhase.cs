using Engine.Kernels.Norms;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// Along one axis: places p = First + u Step of the target, all of which read the source at q = u SourceStep + SourceFirst + t TapStep for
/// the taps t = 0, 1, ..., Taps - 1, where q lies in the source. Tap t is the row (or column) KernelFirst + t KernelStep of the kernel.
/// </summary>
/// <remarks>
/// A convolution has one phase on each axis. A transposed one has as many as its stride: the places with equal remainder read with the same
/// taps, so each phase is a convolution of stride 1 with a smaller kernel. The taps are counted such that q grows with t.
/// </remarks>
internal readonly record struct AxisPhase(
    int First, int Step, int Count, int SourceStep, int SourceFirst, int TapStep, int Taps, int KernelFirst, int KernelStep,
    int SourceExtent)
{
    /// <summary>The axis of a convolution.</summary>
    internal static AxisPhase Forward(int extent, int outputs, int kernel, int stride, int before, int dilation) =>
        new(0, 1, outputs, stride, -before, dilation, kernel, 0, 1, extent);

    /// <summary>
    /// The places first, first + stride, ... of a transposed convolution's result of <paramref name="extent"/>; its source has
    /// <paramref name="outputs"/> places. Place p reads q = (p + before - k dilation) / stride for those k that make it a whole number.
    /// </summary>
    internal static AxisPhase Transposed(int first, int extent, int outputs, int kernel, int stride, int before, int dilation)
    {
        int divisor = GreatestDivisor(stride, dilation), step = stride / divisor, last = -1, taps = 0;
        for (int k = 0; k < kernel; k++)
        {
            if ((first + (long)before - ((long)k * dilation)) % stride != 0) continue;
            last = k;
            taps++;
        }

        int count = (extent - first + stride - 1) / stride;
        int sourceFirst = taps == 0 ? 0 : (int)((first + (long)before - ((long)last * dilation)) / stride);
        return new AxisPhase(first, stride, count, 1, sourceFirst, dilation / divisor, taps, last, -step, outputs);
    }

    /// <summary>The first tap that meets the source from place <paramref name="u"/>, and the one behind the last.</summary>
    internal (int From, int To) TapsAt(int u)
    {
        // 0 <= q + t TapStep < SourceExtent
        long q = ((long)u * SourceStep) + SourceFirst;
        long from = q >= 0 ? 0 : (-q + TapStep - 1) / TapStep;
        long to = q >= SourceExtent ? 0 : ((SourceExtent - 1 - q) / TapStep) + 1;
        from = Math.Min(from, Taps);
        return ((int)from, (int)Math.Max(Math.Min(to, Taps), from));
    }

    /// <summary>The place behind the last of those from <paramref name="u"/> on that meet the source with the same taps.</summary>
    internal int EndOfRun(int u)
    {
        (int, int) taps = TapsAt(u);
        int end = u + 1;
        while (end < Count && TapsAt(end) == taps) end++;
        return end;
    }

    private static int GreatestDivisor(int a, int b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
