namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// One side of a product, read as lines of a common depth: the rows of the left matrix or the columns of the right one. The blocked
/// algorithm never sees how a line lies in memory, so a transposed matrix, or the patches of an image, are operands like a plain matrix.
/// </summary>
internal unsafe interface IOperand<T> where T : unmanaged
{
    /// <summary>
    /// Copies the depths [<paramref name="k"/>, k + <paramref name="depth"/>) of the lines [<paramref name="line"/>, line +
    /// <paramref name="lines"/>) into a panel: panel[p * width + i] = line + i at depth k + p, and zeros for i from
    /// <paramref name="lines"/> up to <paramref name="width"/>.
    /// </summary>
    void Pack(int item, int line, int lines, int k, int depth, T* panel, int width);

    /// <summary>
    /// The address of line <paramref name="line"/> at depth <paramref name="k"/>, and how far the lines, and the depths, lie apart.
    /// </summary>
    T* InPlace(int item, int line, int k, out nint lineStep, out nint depthStep);
}
