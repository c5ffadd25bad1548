using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gemm.Host;

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
