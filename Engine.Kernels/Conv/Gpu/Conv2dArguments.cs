namespace Engine.Kernels.Conv.Gpu;

/// <summary>The storages of a product, as the launchers take them.</summary>
/// <param name="A">What the rows of the left matrix are found in.</param>
/// <param name="B">What the columns of the right matrix are found in.</param>
/// <param name="Bias">What is added in a column; null adds nothing.</param>
/// <param name="C">The result, or the sums of all splits, one after another.</param>
/// <param name="Accumulate">Whether to add to what is there.</param>
/// <param name="Splits">In how many parts each sum over the depth is split.</param>
/// <param name="SplitDepth">The depths of each but the last.</param>
internal readonly record struct Conv2dArguments(
    Storage A, Storage B, Storage? Bias, Storage C, bool Accumulate, int Splits = 1, int SplitDepth = int.MaxValue)
{
    internal Conv2dViews<TLane> Views<TLane>() where TLane : unmanaged, ILane<TLane> => new(
        ViewOf<TLane>(A), ViewOf<TLane>(B), ViewOf<TLane>(Bias ?? C), ViewOf<TLane>(C),
        Bias is null ? 0 : 1, Accumulate ? 1 : 0, Splits, SplitDepth, C.Length / Splits);
}

/// <summary>The same as the kernels take them. Flags are ints, because kernels take no bool.</summary>
internal readonly struct Conv2dViews<TLane>(
    ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c, int hasBias, int accumulate, int splits,
    int splitDepth, int splitLength) where TLane : unmanaged, ILane<TLane>
{
    internal readonly ArrayView<TLane> A = a, B = b, Bias = bias, C = c;
    internal readonly int HasBias = hasBias, Accumulate = accumulate;

    /// <summary>Splits of each sum, depths of each but the last, and elements of the result of one.</summary>
    internal readonly int Splits = splits, SplitDepth = splitDepth, SplitLength = splitLength;

    /// <summary>The depth that a split of a sum ends before.</summary>
    internal int EndOf(int split, int depth) => split == Splits - 1 ? depth : IntrinsicMath.Min(depth, (split + 1) * SplitDepth);

    /// <summary>Writes four neighbouring sums of a split of a part, as far as they are inside.</summary>
    internal void Write<TProduct, TActivation>(TProduct part, int split, int row, int column, Four<TLane> sum, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        if (row >= part.Rows || column >= part.Columns) return;
        int at = part.AtC(row, column) + (split * SplitLength);
        int atBias = part.AtBias(column);
        Write(at, atBias, sum.X, activation);
        if (column + 1 < part.Columns) Write(at + 1, atBias + 1, sum.Y, activation);
        if (column + 2 < part.Columns) Write(at + 2, atBias + 2, sum.Z, activation);
        if (column + 3 < part.Columns) Write(at + 3, atBias + 3, sum.W, activation);
    }

    /// <summary>Writes a sum: what was there, bias and activation are applied on the way.</summary>
    internal void Write<TActivation>(int at, int atBias, TLane sum, TActivation activation) where TActivation : unmanaged, IUnaryOp
    {
        if (Accumulate != 0) sum += C[at];
        if (HasBias != 0) sum += Bias[atBias];
        C[at] = activation.Apply(sum);
    }
}
