namespace Engine.Kernels.Gemm;

/// <summary>What the micro-kernel multiplies.</summary>
/// <param name="depth">Depths in the panels.</param>
/// <param name="left">The left panel, packed: the rows of a register tile for each depth.</param>
/// <param name="right">The right panel, packed or in its matrix.</param>
/// <param name="rightStep">Elements from one depth of the right panel to the next.</param>
/// <param name="copy">Where the right panel is packed to on the way; null leaves it.</param>
internal readonly unsafe struct Panels<T>(int depth, T* left, T* right, nint rightStep, T* copy) where T : unmanaged
{
    internal readonly int Depth = depth;
    internal readonly T* Left = left;
    internal readonly T* Right = right;
    internal readonly nint RightStep = rightStep;
    internal readonly T* Copy = copy;
}
