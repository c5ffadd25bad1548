namespace Engine.Kernels.RandomNumbers;

/// <summary>The four 32-bit words of one Philox block.</summary>
/// <param name="W0">Word 0.</param>
/// <param name="W1">Word 1.</param>
/// <param name="W2">Word 2.</param>
/// <param name="W3">Word 3.</param>
public readonly record struct PhiloxBlock(uint W0, uint W1, uint W2, uint W3);
