namespace Engine.Kernels.Gemm.Host;

/// <summary>The extents of a batch of products as the blocked algorithm sees them.</summary>
/// <param name="Items">Products in the batch.</param>
/// <param name="Rows">Lines of the left operand.</param>
/// <param name="Columns">Lines of the right operand.</param>
/// <param name="Depth">The common depth of all lines.</param>
internal readonly record struct GemmExtents(int Items, int Rows, int Columns, int Depth);
