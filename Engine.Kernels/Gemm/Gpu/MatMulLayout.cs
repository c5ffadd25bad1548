using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// A batch of products as the GPU kernels take it. An operand is seen as lines (the rows of op(A), the columns of op(B)) of depth K, so
/// that a transpose is nothing but another pair of strides. Flags are ints, because kernels take no bool.
/// An item is a product of the batch, or one part of its sum over K where that is split: then C has a matrix for each part.
/// </summary>
internal readonly struct MatMulLayout
{
    internal readonly int M, N, K;

    /// <summary>Products of the batch, times the parts of each.</summary>
    internal readonly int Items;

    /// <summary>Parts that the sum over K is split into, and steps in K of each but the last.</summary>
    internal readonly int Parts, PartDepth;

    /// <summary>Elements from one product of the batch to the next.</summary>
    internal readonly int BatchA, BatchB;

    /// <summary>Elements from one row of op(A), or column of op(B), to the next, and from one step in K to the next.</summary>
    internal readonly int LineA, DepthA, LineB, DepthB;

    /// <summary>1 where rows may be read or written four elements at a time: they start at multiples of four.</summary>
    internal readonly int FoursA, FoursB, FoursC;

    internal readonly int HasBias, Accumulate;

    internal MatMulLayout(in MatMulShape shape, bool hasBias, bool accumulate, int parts = 1)
    {
        (M, N, K) = (shape.M, shape.N, shape.K);
        PartDepth = parts == 1 ? K : (((K + parts - 1) / parts) + PartUnit - 1) / PartUnit * PartUnit;
        Parts = parts == 1 ? 1 : (K + PartDepth - 1) / PartDepth;
        Items = shape.Batch * Parts;
        BatchA = shape.StrideA ?? M * K;
        BatchB = shape.StrideB ?? K * N;
        (LineA, DepthA) = shape.TransposeA ? (1, M) : (K, 1);
        (LineB, DepthB) = shape.TransposeB ? (K, 1) : (1, N);
        FoursA = (LineA * DepthA) % 4 == 0 && BatchA % 4 == 0 ? 1 : 0;
        FoursB = (LineB * DepthB) % 4 == 0 && BatchB % 4 == 0 ? 1 : 0;
        FoursC = N % 4 == 0 ? 1 : 0;
        HasBias = hasBias ? 1 : 0;
        Accumulate = accumulate ? 1 : 0;
    }

    /// <summary>Parts are multiples of this in depth, so that each begins where 16-byte loads may.</summary>
    internal const int PartUnit = 32;

    /// <summary>Steps in K of an item.</summary>
    internal int DepthOf(int item) => IntrinsicMath.Min(PartDepth, K - (item % Parts * PartDepth));

    /// <summary>Where an item's op(A) starts.</summary>
    internal int StartA(int item) => (item / Parts * BatchA) + (item % Parts * PartDepth * DepthA);

    /// <summary>Where an item's op(B) starts.</summary>
    internal int StartB(int item) => (item / Parts * BatchB) + (item % Parts * PartDepth * DepthB);

    internal int AtA(int item, int row, int depth) => StartA(item) + (row * LineA) + (depth * DepthA);

    internal int AtB(int item, int column, int depth) => StartB(item) + (column * LineB) + (depth * DepthB);

    internal int AtC(int item, int row, int column) => (((item * M) + row) * N) + column;
}
