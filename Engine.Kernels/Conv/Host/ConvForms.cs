namespace Engine.Kernels.Conv;

/// <summary>
/// The forms of a convolution on the host among which the shape chooses: 1, direct; 2, by Winograd's transform. <c>ENGINE_KERNEL=conv:1</c> takes the direct one
/// everywhere, <c>conv:2</c> the transform wherever it is possible.
/// </summary>
internal static class ConvForms
{
    private const int Direct = 1, Winograd = 2;
    private static readonly Lazy<int> s_wanted = new(() => KernelChoice.Of("conv", Winograd));

    /// <summary>Whether a shape takes the transform; <paramref name="direct"/> says no.</summary>
    internal static bool TakesWinograd<T>(in Conv2dShape shape, bool transposed, bool direct) where T : unmanaged
    {
        if (direct || s_wanted.Value == Direct || !WinogradPlan.IsPossible<T>(shape, transposed)) return false;
        return s_wanted.Value == Winograd || WinogradPlan.Pays(shape, transposed);
    }
}
