using Engine.Kernels.Devices;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// Chooses the form of a convolution: what the caller asks for, or else <c>ENGINE_KERNEL=conv-host:N</c>, or else what the shape says.
/// </summary>
internal static class ConvChoice
{
    private static readonly Lazy<ConvForm> s_wanted = new(() => (ConvForm)KernelChoice.Of("conv-host"));

    /// <summary>Whether a shape takes Winograd's transform.</summary>
    internal static bool TakesWinograd<T>(in Conv2dShape shape, bool transposed, ConvForm form) where T : unmanaged
    {
        if (form == ConvForm.ByShape) form = s_wanted.Value;
        if (form == ConvForm.Direct || !WinogradPlan.IsPossible<T>(shape, transposed)) return false;
        return form == ConvForm.Winograd || WinogradPlan.Pays(shape, transposed);
    }
}
