using Engine.Kernels.Norms;

namespace Engine.Kernels.Conv.Host;

/// <summary>Along one axis: source place q and tap k meet in target place q Stride + First + k Step, if that lies in [0, Extent).</summary>
/// <param name="Extent">Places of the target.</param>
/// <param name="SourceExtent">Places of the source.</param>
/// <param name="Kernel">Taps.</param>
/// <param name="Stride">Target places from one source place to the next.</param>
/// <param name="First">The place of the first tap.</param>
/// <param name="Step">Target places from one tap to the next.</param>
internal readonly record struct ScatterAxis(int Extent, int SourceExtent, int Kernel, int Stride, int First, int Step)
{
    /// <summary>A convolution of stride 1: output q + p - k d.</summary>
    internal static ScatterAxis Forward(int extent, int outputs, int kernel, int before, int dilation) =>
        new(outputs, extent, kernel, 1, before, -dilation);

    /// <summary>A transposed convolution: result q s + k d - p.</summary>
    internal static ScatterAxis Transposed(int extent, int outputs, int kernel, int stride, int before, int dilation) =>
        new(extent, outputs, kernel, stride, -before, dilation);

    /// <summary>Target places with the same remainder by the stride.</summary>
    internal int PhaseExtent => (Extent + Stride - 1) / Stride;

    /// <summary>Where tap k takes the source: target place (q + shift) Stride + phase, phase in [0, Stride).</summary>
    internal (int Shift, int Phase) Of(int tap)
    {
        int offset = First + (tap * Step), shift = (int)Math.Floor((double)offset / Stride);
        return (shift, offset - (shift * Stride));
    }
}
