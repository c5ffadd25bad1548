namespace Engine.Kernels.Ladder;

/// <summary>
/// A batch of products as the GPU kernels take it. An operand is seen as lines (the rows of op(A), the columns of op(B)) of depth K, so
/// that a transpose is nothing but another pair of strides. Flags are ints, because kernels take no bool.
/// </summary>
internal readonly struct MatMulLayout
{
    internal readonly int M, N, K, Batch;

    /// <summary>Elements from one product of the batch to the next.</summary>
    internal readonly int ItemA, ItemB, ItemC;

    /// <summary>Elements from one row of op(A), or column of op(B), to the next, and from one step in K to the next.</summary>
    internal readonly int LineA, DepthA, LineB, DepthB;

    /// <summary>1 where rows may be read or written four elements at a time: they start at multiples of four.</summary>
    internal readonly int FoursA, FoursB, FoursC;

    internal readonly int HasBias, Accumulate;

    internal MatMulLayout(in MatMulShape shape, bool hasBias, bool accumulate)
    {
        (M, N, K, Batch) = (shape.M, shape.N, shape.K, shape.Batch);
        ItemA = shape.StrideA ?? M * K;
        ItemB = shape.StrideB ?? K * N;
        ItemC = M * N;
        (LineA, DepthA) = shape.TransposeA ? (1, M) : (K, 1);
        (LineB, DepthB) = shape.TransposeB ? (K, 1) : (1, N);
        FoursA = (LineA * DepthA) % 4 == 0 && ItemA % 4 == 0 ? 1 : 0;
        FoursB = (LineB * DepthB) % 4 == 0 && ItemB % 4 == 0 ? 1 : 0;
        FoursC = N % 4 == 0 ? 1 : 0;
        HasBias = hasBias ? 1 : 0;
        Accumulate = accumulate ? 1 : 0;
    }

    internal int AtA(int item, int row, int depth) => (item * ItemA) + (row * LineA) + (depth * DepthA);

    internal int AtB(int item, int column, int depth) => (item * ItemB) + (column * LineB) + (depth * DepthB);

    internal int AtC(int item, int row, int column) => (item * ItemC) + (row * N) + column;
}
