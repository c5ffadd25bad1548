namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// The inputs of one phase along one axis: those at phase, phase + stride, ... All of them are met by the same taps of the kernel, so that
/// in the gradient of the input no thread looks at a tap that no output has there.
/// </summary>
internal readonly struct Conv2dPhase
{
    /// <summary>The number of inputs, and the taps that meet them: Taps of them from FirstTap on, TapStep apart.</summary>
    internal readonly int Places, FirstTap, TapStep, Taps;

    private readonly int _phase, _stride, _firstOutput, _outputStep;

    internal Conv2dPhase(Conv2dAxis axis, int phase)
    {
        (_phase, _stride, TapStep) = (phase, axis.Stride, axis.TapStep);
        Places = phase < axis.Inputs ? ((axis.Inputs - phase - 1) / axis.Stride) + 1 : 0;

        // Output o has tap k at this place where o stride = place + before - k dilation.
        int tap = 0;
        while (tap < TapStep && (phase + axis.Before - (tap * axis.Dilation)) % axis.Stride != 0) tap++;
        FirstTap = tap;
        Taps = tap < TapStep && tap < axis.Kernel ? ((axis.Kernel - tap - 1) / TapStep) + 1 : 0;
        _firstOutput = (phase + axis.Before - (tap * axis.Dilation)) / axis.Stride;
        _outputStep = TapStep * axis.Dilation / axis.Stride;
    }

    /// <summary>
    /// The output that has the phase's first tap at a place; the tap after that belongs to <see cref="OutputStep"/> outputs before it.
    /// </summary>
    internal int OutputOf(int place) => _firstOutput + place;

    /// <summary>How many outputs before that of a tap the one of the next tap is.</summary>
    internal int OutputStep => _outputStep;

    /// <summary>How many of the phase's taps lie before a tap of the kernel.</summary>
    internal int TapsBefore(int tap) => tap <= FirstTap ? 0 : ((tap - FirstTap - 1) / TapStep) + 1;

    /// <summary>A place among all inputs.</summary>
    internal int InputOf(int place) => _phase + (place * _stride);
}
