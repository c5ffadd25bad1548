using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Attention.Host;

/// <summary>
/// C[r, :] = (or +=) sum over i of W(r, i) X[i, :], where rows of X and C are whole vectors and W has any two strides: an element of it is
/// broadcast from where it is. All products of an attention have this form, so that none of its operands is packed.
/// </summary>
/// <remarks>
/// Up to 6 x 2 sums stay in registers, which with a vector of W and two of X fit the 16 of 256-bit vectors; on 512-bit ones they cover the
/// latency of a multiply-add. Of 128-bit vectors, where there are 32 registers, 6 x 4 sums are as many columns.
/// </remarks>
internal static unsafe class BroadcastProduct<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    internal const int MaxRows = 6;

    // Indexed by rows and vectors, both from 1.
    private static readonly delegate*<int, T*, nint, nint, T*, nint, T*, nint, bool, void>[] s_forms =
    [
        &Tile<One, One>, &Tile<One, Two>, &Tile<One, Three>, &Tile<One, Four>,
        &Tile<Two, One>, &Tile<Two, Two>, &Tile<Two, Three>, &Tile<Two, Four>,
        &Tile<Three, One>, &Tile<Three, Two>, &Tile<Three, Three>, &Tile<Three, Four>,
        &Tile<Four, One>, &Tile<Four, Two>, &Tile<Four, Three>, &Tile<Four, Four>,
        &Tile<Five, One>, &Tile<Five, Two>, &Tile<Five, Three>, &Tile<Five, Four>,
        &Tile<Six, One>, &Tile<Six, Two>, &Tile<Six, Three>, &Tile<Six, Four>,
    ];

    /// <summary>Vectors in a row of a tile, at most.</summary>
    private static int MaxVectors => sizeof(V) == Vector128<byte>.Count && Registers.Count<V>() == 32 ? 4 : 2;

    /// <summary>Computes up to <see cref="MaxRows"/> rows.</summary>
    /// <param name="rows">Rows of C.</param>
    /// <param name="vectors">Vectors in a row of C and X.</param>
    /// <param name="steps">Terms of a sum.</param>
    /// <param name="w">W.</param>
    /// <param name="wRow">Elements from row to row of W.</param>
    /// <param name="wStep">Elements from term to term of W.</param>
    /// <param name="x">X.</param>
    /// <param name="xStep">Elements from row to row of X.</param>
    /// <param name="c">C.</param>
    /// <param name="cRow">Elements from row to row of C.</param>
    /// <param name="accumulate">Whether the sums are added to C.</param>
    internal static void Rows(
        int rows, int vectors, int steps, T* w, nint wRow, nint wStep, T* x, nint xStep, T* c, nint cRow, bool accumulate)
    {
        int form = (rows - 1) * 4, vector = 0;
        for (; vector <= vectors - MaxVectors; vector += MaxVectors) s_forms[form + MaxVectors - 1](
            steps, w, wRow, wStep, x + (vector * V.Count), xStep, c + (vector * V.Count), cRow, accumulate);
        if (vector < vectors) s_forms[form + vectors - vector - 1](
            steps, w, wRow, wStep, x + (vector * V.Count), xStep, c + (vector * V.Count), cRow, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TRows, TVectors>(int steps, T* w, nint wRow, nint wStep, T* x, nint xStep, T* c, nint cRow, bool accumulate)
        where TRows : struct, ICount
        where TVectors : struct, ICount
    {
        V c00 = V.Of(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00, c20 = c00, c21 = c00, c22 = c00,
            c23 = c00, c30 = c00, c31 = c00, c32 = c00, c33 = c00, c40 = c00, c41 = c00, c42 = c00, c43 = c00, c50 = c00, c51 = c00,
            c52 = c00, c53 = c00;
        if (accumulate)
        {
            Load<TVectors>(c, ref c00, ref c01, ref c02, ref c03);
            if (TRows.Value > 1) Load<TVectors>(c + cRow, ref c10, ref c11, ref c12, ref c13);
            if (TRows.Value > 2) Load<TVectors>(c + (2 * cRow), ref c20, ref c21, ref c22, ref c23);
            if (TRows.Value > 3) Load<TVectors>(c + (3 * cRow), ref c30, ref c31, ref c32, ref c33);
            if (TRows.Value > 4) Load<TVectors>(c + (4 * cRow), ref c40, ref c41, ref c42, ref c43);
            if (TRows.Value > 5) Load<TVectors>(c + (5 * cRow), ref c50, ref c51, ref c52, ref c53);
        }

        T* w1 = w + wRow, w2 = w1 + wRow, w3 = w2 + wRow, w4 = w3 + wRow, w5 = w4 + wRow;
        nint at = 0;
        for (int i = 0; i < steps; i++)
        {
            V x0 = V.Load(x), x1 = x0, x2 = x0, x3 = x0;
            if (TVectors.Value > 1) x1 = V.Load(x + V.Count);
            if (TVectors.Value > 2) x2 = V.Load(x + (2 * V.Count));
            if (TVectors.Value > 3) x3 = V.Load(x + (3 * V.Count));
            Add<TVectors>(w[at], x0, x1, x2, x3, ref c00, ref c01, ref c02, ref c03);
            if (TRows.Value > 1) Add<TVectors>(w1[at], x0, x1, x2, x3, ref c10, ref c11, ref c12, ref c13);
            if (TRows.Value > 2) Add<TVectors>(w2[at], x0, x1, x2, x3, ref c20, ref c21, ref c22, ref c23);
            if (TRows.Value > 3) Add<TVectors>(w3[at], x0, x1, x2, x3, ref c30, ref c31, ref c32, ref c33);
            if (TRows.Value > 4) Add<TVectors>(w4[at], x0, x1, x2, x3, ref c40, ref c41, ref c42, ref c43);
            if (TRows.Value > 5) Add<TVectors>(w5[at], x0, x1, x2, x3, ref c50, ref c51, ref c52, ref c53);
            at += wStep;
            x += xStep;
        }

        Store<TVectors>(c, c00, c01, c02, c03);
        if (TRows.Value > 1) Store<TVectors>(c + cRow, c10, c11, c12, c13);
        if (TRows.Value > 2) Store<TVectors>(c + (2 * cRow), c20, c21, c22, c23);
        if (TRows.Value > 3) Store<TVectors>(c + (3 * cRow), c30, c31, c32, c33);
        if (TRows.Value > 4) Store<TVectors>(c + (4 * cRow), c40, c41, c42, c43);
        if (TRows.Value > 5) Store<TVectors>(c + (5 * cRow), c50, c51, c52, c53);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TVectors>(T* c, ref V c0, ref V c1, ref V c2, ref V c3) where TVectors : struct, ICount
    {
        c0 = V.Load(c);
        if (TVectors.Value > 1) c1 = V.Load(c + V.Count);
        if (TVectors.Value > 2) c2 = V.Load(c + (2 * V.Count));
        if (TVectors.Value > 3) c3 = V.Load(c + (3 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TVectors>(T factor, V x0, V x1, V x2, V x3, ref V c0, ref V c1, ref V c2, ref V c3)
        where TVectors : struct, ICount
    {
        V f = V.Fill(factor);
        c0 = V.MulAdd(f, x0, c0);
        if (TVectors.Value > 1) c1 = V.MulAdd(f, x1, c1);
        if (TVectors.Value > 2) c2 = V.MulAdd(f, x2, c2);
        if (TVectors.Value > 3) c3 = V.MulAdd(f, x3, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVectors>(T* c, V c0, V c1, V c2, V c3) where TVectors : struct, ICount
    {
        V.Store(c0, c);
        if (TVectors.Value > 1) V.Store(c1, c + V.Count);
        if (TVectors.Value > 2) V.Store(c2, c + (2 * V.Count));
        if (TVectors.Value > 3) V.Store(c3, c + (3 * V.Count));
    }
}
