namespace Engine.Kernels.Conv;

/// <summary>A convolution along one axis: output o meets tap k at o stride + k dilation - before among the inputs.</summary>
/// <param name="inputExtent">Rows or columns of the input.</param>
/// <param name="outputExtent">Rows or columns of the output.</param>
/// <param name="kernel">Rows or columns of the kernel.</param>
/// <param name="stride">Inputs from one output to the next.</param>
/// <param name="before">The padding before the first input.</param>
/// <param name="dilation">Inputs from one tap to the next.</param>
internal readonly struct ConvAxis(int inputExtent, int outputExtent, int kernel, int stride, int before, int dilation)
{
    internal readonly int InputExtent = inputExtent, OutputExtent = outputExtent, Kernel = kernel, Stride = stride, Before = before,
        Dilation = dilation;

    /// <summary>Taps from one that meets a given input to the next that does: stride / gcd(stride, dilation).</summary>
    internal readonly int TapStep = stride / GreatestCommonDivisor(stride, dilation);

    /// <summary>
    /// Outputs from the one that a given input meets through the next tap that meets it to that through this one: dilation / gcd.
    /// </summary>
    internal readonly int OutputStep = dilation / GreatestCommonDivisor(stride, dilation);

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}

/// <summary>
/// Along one axis: places of the target, all of which read the source with the same taps. Place u is First + u Step of the target; through
/// tap FirstTap + t TapStep of the kernel it reads the source at SourceFirst + u SourceStep + t SourceTapStep, for t = 0, 1, ..., Taps - 1,
/// where that lies in the source.
/// </summary>
/// <remarks>
/// A convolution has one phase on each axis. A transposed one has as many as its stride: the places with equal remainder read with the same
/// taps, so each phase is a convolution of stride 1 with a smaller kernel.
/// </remarks>
internal readonly struct ConvPhase
{
    internal readonly int First, Step, Places, SourceFirst, SourceStep, SourceTapStep, SourceExtent, FirstTap, TapStep, Taps;

    /// <summary>The axis of a convolution.</summary>
    internal ConvPhase(ConvAxis axis)
    {
        (First, Step, Places) = (0, 1, axis.OutputExtent);
        (SourceFirst, SourceStep, SourceTapStep, SourceExtent) = (-axis.Before, axis.Stride, axis.Dilation, axis.InputExtent);
        (FirstTap, TapStep, Taps) = (0, 1, axis.Kernel);
    }

    /// <summary>
    /// The inputs phase, phase + stride, ... of an axis, which are the target of the transposed convolution: input p reads output
    /// (p + before - k dilation) / stride for those k that make it a whole number.
    /// </summary>
    internal ConvPhase(ConvAxis axis, int phase)
    {
        (First, Step) = (phase, axis.Stride);
        Places = phase < axis.InputExtent ? ((axis.InputExtent - phase - 1) / axis.Stride) + 1 : 0;
        int tap = 0, end = axis.TapStep < axis.Kernel ? axis.TapStep : axis.Kernel;
        while (tap < end && (phase + axis.Before - (tap * axis.Dilation)) % axis.Stride != 0) tap++;
        (FirstTap, TapStep) = (tap, axis.TapStep);
        Taps = tap < end ? ((axis.Kernel - tap - 1) / axis.TapStep) + 1 : 0;
        (SourceFirst, SourceStep) = ((phase + axis.Before - (tap * axis.Dilation)) / axis.Stride, 1);
        (SourceTapStep, SourceExtent) = (-axis.OutputStep, axis.OutputExtent);
    }

    private ConvPhase(ConvPhase phase, int last)
    {
        this = phase;
        (SourceFirst, SourceTapStep) = (phase.SourceFirst + (last * phase.SourceTapStep), -phase.SourceTapStep);
        (FirstTap, TapStep) = (phase.FirstTap + (last * phase.TapStep), -phase.TapStep);
    }

    /// <summary>The same phase with its taps in the opposite order.</summary>
    internal ConvPhase Reversed => new(this, Taps - 1);

    /// <summary>Place u of the target.</summary>
    internal int TargetOf(int u) => First + (u * Step);

    /// <summary>Where place u of the target reads the source through the phase's first tap.</summary>
    internal int SourceOf(int u) => SourceFirst + (u * SourceStep);

    /// <summary>How many of the phase's taps, which must not be reversed, lie before a tap of the kernel.</summary>
    internal int TapsBefore(int tap) => tap <= FirstTap ? 0 : ((tap - FirstTap - 1) / TapStep) + 1;

    /// <summary>
    /// The first tap that meets the source from place <paramref name="u"/>, and the one behind the last; the source must grow with the
    /// taps.
    /// </summary>
    internal (int From, int To) TapsAt(int u)
    {
        // 0 <= q + t SourceTapStep < SourceExtent
        long q = ((long)u * SourceStep) + SourceFirst;
        long from = q >= 0 ? 0 : (-q + SourceTapStep - 1) / SourceTapStep;
        long to = q >= SourceExtent ? 0 : ((SourceExtent - 1 - q) / SourceTapStep) + 1;
        from = Math.Min(from, Taps);
        return ((int)from, (int)Math.Max(Math.Min(to, Taps), from));
    }

    /// <summary>The place behind the last of those from <paramref name="u"/> on that meet the source with the same taps.</summary>
    internal int EndOfRun(int u)
    {
        (int, int) taps = TapsAt(u);
        int end = u + 1;
        while (end < Places && TapsAt(end) == taps) end++;
        return end;
    }
}
