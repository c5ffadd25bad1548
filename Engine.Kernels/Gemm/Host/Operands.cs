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

/// <summary>A plain or transposed matrix, or a batch of them, as an operand.</summary>
/// <param name="elements">The first element of the first matrix.</param>
/// <param name="stride">Elements from one row in memory to the next.</param>
/// <param name="itemStride">Elements from one matrix of the batch to the next; 0 when all items share one.</param>
/// <param name="linesAreNeighbours">
/// True when the elements of one depth lie side by side (B as stored, A stored transposed), false when those of one line do.
/// </param>
internal readonly unsafe struct MatrixOperand<T>(T* elements, nint stride, nint itemStride, bool linesAreNeighbours) : IOperand<T>
    where T : unmanaged
{
    public void Pack(int item, int line, int lines, int k, int depth, T* panel, int width)
    {
        T* first = elements + (item * itemStride);
        if (linesAreNeighbours) PanelCopy.Rows(first + (k * stride) + line, stride, lines, depth, panel, width);
        else PanelCopy.Transposed(first + (line * stride) + k, stride, lines, depth, panel, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* InPlace(int item, int line, int k, out nint lineStep, out nint depthStep)
    {
        (lineStep, depthStep) = linesAreNeighbours ? ((nint)1, stride) : (stride, (nint)1);
        return elements + (item * itemStride) + (line * lineStep) + (k * depthStep);
    }
}
