namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// Numbers that are added to the sums: one for each column of the output, or for each row where the product is computed transposed.
/// </summary>
internal readonly unsafe struct Bias<T>(T* elements, bool ofRows) where T : unmanaged
{
    /// <summary>The numbers; null adds nothing.</summary>
    internal readonly T* Elements = elements;

    /// <summary>One for each row.</summary>
    internal readonly bool OfRows = ofRows;

    /// <summary>Whether there is nothing to add.</summary>
    internal bool IsNone => Elements == null;
}
