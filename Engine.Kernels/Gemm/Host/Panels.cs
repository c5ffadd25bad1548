namespace Engine.Kernels.Gemm.Host;

/// <summary>What the micro-kernel multiplies.</summary>
/// <param name="depth">Depths in the panels.</param>
/// <param name="left">The left panel, packed or in its matrix.</param>
/// <param name="leftRowStep">Elements from one row of the left panel to the next.</param>
/// <param name="leftDepthStep">Elements from one depth of the left panel to the next.</param>
/// <param name="right">The right panel, packed or in its matrix.</param>
/// <param name="rightStep">Elements from one depth of the right panel to the next.</param>
/// <param name="copy">Where the right panel is packed to on the way; null leaves it.</param>
/// <param name="next">What is asked for on the way, at each depth an address: what will be read soon.</param>
/// <param name="nextStep">Elements from one such address to the next.</param>
internal readonly unsafe struct Panels<T>(
    int depth, T* left, nint leftRowStep, nint leftDepthStep, T* right, nint rightStep, T* copy, T* next, nint nextStep) where T : unmanaged
{
    internal readonly int Depth = depth;
    internal readonly T* Left = left;
    internal readonly nint LeftRowStep = leftRowStep;
    internal readonly nint LeftDepthStep = leftDepthStep;
    internal readonly T* Right = right;
    internal readonly nint RightStep = rightStep;
    internal readonly T* Copy = copy;
    internal readonly T* Next = next;
    internal readonly nint NextStep = nextStep;
}
