namespace Engine.Kernels.Conv.Host;

/// <summary>A run of depths that lie at equal distances in both operands of a <see cref="RowsKernel{TV, T}"/>.</summary>
/// <param name="Left">Elements from each row's pointer to the first depth.</param>
/// <param name="Right">Elements from the right panel's first to the first depth.</param>
/// <param name="Depth">Depths in the run, at least 1.</param>
internal readonly record struct Segment(nint Left, nint Right, nint Depth);
