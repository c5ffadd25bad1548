using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Attention.Host;

/// <summary>
/// C[r, :] = (or +=) sum over i of W(r, i) X[i, :], where rows of X and C are whole vectors and W has any two strides: an element of it is
/// broadcast from where it is. All products of an attention have this form, so that none of its operands is packed.
/// </summary>
/// <remarks>
/// Up to 6 x 2 sums stay in registers, which with a vector of W and two of X fit the 16 of 256-bit vectors; on 512-bit ones they cover the
/// latency of a multiply-add.
/// </remarks>
internal static unsafe class BroadcastProduct<T, V>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
{
    internal const int MaxRows = 6;

    private static readonly delegate*<int, T*, nint, nint, T*, nint, T*, nint, bool, void>[] s_forms =
    [
        &Tile<One, One>, &Tile<One, Two>, &Tile<Two, One>, &Tile<Two, Two>, &Tile<Three, One>, &Tile<Three, Two>,
        &Tile<Four, One>, &Tile<Four, Two>, &Tile<Five, One>, &Tile<Five, Two>, &Tile<Six, One>, &Tile<Six, Two>,
    ];

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
        int form = (rows - 1) * 2;
        int vector = 0;
        for (; vector < vectors - 1; vector += 2) s_forms[form + 1](
            steps, w, wRow, wStep, x + (vector * V.Count), xStep, c + (vector * V.Count), cRow, accumulate);
        if (vector < vectors) s_forms[form](steps, w, wRow, wStep, x + (vector * V.Count), xStep, c + (vector * V.Count), cRow, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TRows, TVectors>(int steps, T* w, nint wRow, nint wStep, T* x, nint xStep, T* c, nint cRow, bool accumulate)
        where TRows : struct, ICount
        where TVectors : struct, ICount
    {
        V c00 = V.Of(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00,
            c51 = c00;
        if (accumulate)
        {
            c00 = V.Load(c);
            if (TVectors.Value > 1) c01 = V.Load(c + V.Count);
            if (TRows.Value > 1) c10 = V.Load(c + cRow);
            if (TRows.Value > 1 && TVectors.Value > 1) c11 = V.Load(c + cRow + V.Count);
            if (TRows.Value > 2) c20 = V.Load(c + (2 * cRow));
            if (TRows.Value > 2 && TVectors.Value > 1) c21 = V.Load(c + (2 * cRow) + V.Count);
            if (TRows.Value > 3) c30 = V.Load(c + (3 * cRow));
            if (TRows.Value > 3 && TVectors.Value > 1) c31 = V.Load(c + (3 * cRow) + V.Count);
            if (TRows.Value > 4) c40 = V.Load(c + (4 * cRow));
            if (TRows.Value > 4 && TVectors.Value > 1) c41 = V.Load(c + (4 * cRow) + V.Count);
            if (TRows.Value > 5) c50 = V.Load(c + (5 * cRow));
            if (TRows.Value > 5 && TVectors.Value > 1) c51 = V.Load(c + (5 * cRow) + V.Count);
        }

        T* w1 = w + wRow, w2 = w1 + wRow, w3 = w2 + wRow, w4 = w3 + wRow, w5 = w4 + wRow;
        nint at = 0;
        for (int i = 0; i < steps; i++)
        {
            V x0 = V.Load(x), x1 = x0;
            if (TVectors.Value > 1) x1 = V.Load(x + V.Count);
            V f = V.Fill(w[at]);
            c00 = V.MulAdd(f, x0, c00);
            if (TVectors.Value > 1) c01 = V.MulAdd(f, x1, c01);
            if (TRows.Value > 1)
            {
                f = V.Fill(w1[at]);
                c10 = V.MulAdd(f, x0, c10);
                if (TVectors.Value > 1) c11 = V.MulAdd(f, x1, c11);
            }

            if (TRows.Value > 2)
            {
                f = V.Fill(w2[at]);
                c20 = V.MulAdd(f, x0, c20);
                if (TVectors.Value > 1) c21 = V.MulAdd(f, x1, c21);
            }

            if (TRows.Value > 3)
            {
                f = V.Fill(w3[at]);
                c30 = V.MulAdd(f, x0, c30);
                if (TVectors.Value > 1) c31 = V.MulAdd(f, x1, c31);
            }

            if (TRows.Value > 4)
            {
                f = V.Fill(w4[at]);
                c40 = V.MulAdd(f, x0, c40);
                if (TVectors.Value > 1) c41 = V.MulAdd(f, x1, c41);
            }

            if (TRows.Value > 5)
            {
                f = V.Fill(w5[at]);
                c50 = V.MulAdd(f, x0, c50);
                if (TVectors.Value > 1) c51 = V.MulAdd(f, x1, c51);
            }

            at += wStep;
            x += xStep;
        }

        V.Store(c00, c);
        if (TVectors.Value > 1) V.Store(c01, c + V.Count);
        if (TRows.Value > 1) V.Store(c10, c + cRow);
        if (TRows.Value > 1 && TVectors.Value > 1) V.Store(c11, c + cRow + V.Count);
        if (TRows.Value > 2) V.Store(c20, c + (2 * cRow));
        if (TRows.Value > 2 && TVectors.Value > 1) V.Store(c21, c + (2 * cRow) + V.Count);
        if (TRows.Value > 3) V.Store(c30, c + (3 * cRow));
        if (TRows.Value > 3 && TVectors.Value > 1) V.Store(c31, c + (3 * cRow) + V.Count);
        if (TRows.Value > 4) V.Store(c40, c + (4 * cRow));
        if (TRows.Value > 4 && TVectors.Value > 1) V.Store(c41, c + (4 * cRow) + V.Count);
        if (TRows.Value > 5) V.Store(c50, c + (5 * cRow));
        if (TRows.Value > 5 && TVectors.Value > 1) V.Store(c51, c + (5 * cRow) + V.Count);
    }
}
