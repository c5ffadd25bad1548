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

/// <summary>Writes four neighbouring sums to C: what it held, bias and activation are applied on the way.</summary>
internal readonly struct TileWriter(MatMulLayout layout, int item)
{
    internal void Write<TLane, TActivation>(
        ArrayView<TLane> c, ArrayView<TLane> bias, int row, int column, Four<TLane> sum, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        if (row >= layout.M || column >= layout.N) return;
        int at = layout.AtC(item, row, column);
        if (layout.FoursC == 0)
        {
            One(c, bias, at, column, sum.X, activation);
            if (column + 1 < layout.N) One(c, bias, at + 1, column + 1, sum.Y, activation);
            if (column + 2 < layout.N) One(c, bias, at + 2, column + 2, sum.Z, activation);
            if (column + 3 < layout.N) One(c, bias, at + 3, column + 3, sum.W, activation);
            return;
        }

        ArrayView<Four<TLane>> fours = c.Cast<Four<TLane>>();
        TLane one = TLane.Of(1);
        if (layout.Accumulate != 0) sum = Four<TLane>.MulAdd(one, fours[at / 4], sum);
        if (layout.HasBias != 0) sum = Four<TLane>.MulAdd(one, bias.Cast<Four<TLane>>()[column / 4], sum);
        fours[at / 4] = new(activation.Apply(sum.X), activation.Apply(sum.Y), activation.Apply(sum.Z), activation.Apply(sum.W));
    }

    private void One<TLane, TActivation>(ArrayView<TLane> c, ArrayView<TLane> bias, int at, int column, TLane sum, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        if (layout.Accumulate != 0) sum += c[at];
        if (layout.HasBias != 0) sum += bias[column];
        c[at] = activation.Apply(sum);
    }
}
