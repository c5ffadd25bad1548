using System.Runtime.CompilerServices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The innermost loop of the convolutions: like <see cref="MicroKernel{TV, T}"/>, but the rows of the left side lie wherever their pointers
/// say (pixels of eight images, channels of a pixel, taps of a kernel), unpacked, and the depth is a list of runs: the taps of the kernel
/// that meet the image. The sums stay in registers through all of them.
/// </summary>
internal static unsafe class RowsKernel<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    /// <summary>
    /// tile[i, :] = sum over segments and depths k of rows[i][left + k * leftStep] * right[k, :], or with <paramref name="load"/> tile +
    /// the sum.
    /// </summary>
    /// <param name="rows">As many pointers as a register tile has rows; they may repeat.</param>
    /// <param name="leftStep">Elements from one depth to the next in a row.</param>
    /// <param name="vectors">Vectors in a row of the tile, 1 to 3.</param>
    /// <param name="right">The right panel: <paramref name="vectors"/> vectors for each depth.</param>
    /// <param name="rightStep">Elements from one depth to the next in it.</param>
    /// <param name="segments">The runs of depths.</param>
    /// <param name="count">How many there are; none give sums of 0.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="stride">Elements from one row of it to the next.</param>
    /// <param name="load">Starts at what the tile holds instead of 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Run(
        T** rows, nint leftStep, int vectors, T* right, nint rightStep, Segment* segments, int count, T* tile, nint stride, bool load)
    {
        if (TileSize<TV, T>.Rows == 8)
        {
            if (vectors == 3) Run<Eight, Three>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
            else if (vectors == 2) Run<Eight, Two>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
            else Run<Eight, One>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
        }
        else
        {
            if (vectors == 3) Run<Four, Three>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
            else if (vectors == 2) Run<Four, Two>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
            else Run<Four, One>(rows, leftStep, right, rightStep, segments, count, tile, stride, load);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run<TRows, TVectors>(
        T** rows, nint leftStep, T* right, nint rightStep, Segment* segments, int count, T* tile, nint stride, bool load)
        where TRows : struct, ICount
        where TVectors : struct, ICount
    {
        int size = TV.Count;
        TV c00 = default, c01 = default, c02 = default;
        TV c10 = default, c11 = default, c12 = default;
        TV c20 = default, c21 = default, c22 = default;
        TV c30 = default, c31 = default, c32 = default;
        TV c40 = default, c41 = default, c42 = default;
        TV c50 = default, c51 = default, c52 = default;
        TV c60 = default, c61 = default, c62 = default;
        TV c70 = default, c71 = default, c72 = default;

        if (load)
        {
            T* row = tile;
            c00 = TV.Load(row);
            if (TVectors.Value > 1) c01 = TV.Load(row + size);
            if (TVectors.Value > 2) c02 = TV.Load(row + (2 * size));
            row += stride;

            c10 = TV.Load(row);
            if (TVectors.Value > 1) c11 = TV.Load(row + size);
            if (TVectors.Value > 2) c12 = TV.Load(row + (2 * size));
            row += stride;

            c20 = TV.Load(row);
            if (TVectors.Value > 1) c21 = TV.Load(row + size);
            if (TVectors.Value > 2) c22 = TV.Load(row + (2 * size));
            row += stride;

            c30 = TV.Load(row);
            if (TVectors.Value > 1) c31 = TV.Load(row + size);
            if (TVectors.Value > 2) c32 = TV.Load(row + (2 * size));
            row += stride;
            if (TRows.Value > 4)
            {
                c40 = TV.Load(row);
                if (TVectors.Value > 1) c41 = TV.Load(row + size);
                if (TVectors.Value > 2) c42 = TV.Load(row + (2 * size));
                row += stride;

                c50 = TV.Load(row);
                if (TVectors.Value > 1) c51 = TV.Load(row + size);
                if (TVectors.Value > 2) c52 = TV.Load(row + (2 * size));
                row += stride;

                c60 = TV.Load(row);
                if (TVectors.Value > 1) c61 = TV.Load(row + size);
                if (TVectors.Value > 2) c62 = TV.Load(row + (2 * size));
                row += stride;

                c70 = TV.Load(row);
                if (TVectors.Value > 1) c71 = TV.Load(row + size);
                if (TVectors.Value > 2) c72 = TV.Load(row + (2 * size));
            }
        }

        T* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        T* r4 = null, r5 = null, r6 = null, r7 = null;
        if (TRows.Value > 4)
        {
            r4 = rows[4];
            r5 = rows[5];
            r6 = rows[6];
            r7 = rows[7];
        }

        for (; count > 0; count--, segments++)
        {
            nint k = segments->Left;
            T* b = right + segments->Right;
            for (nint depth = segments->Depth; depth > 0; depth--)
            {
                TV b0 = TV.Load(b), b1 = default, b2 = default;
                if (TVectors.Value > 1) b1 = TV.Load(b + size);
                if (TVectors.Value > 2) b2 = TV.Load(b + (2 * size));
                TV a0 = TV.Fill(r0[k]);
                c00 = TV.MulAdd(a0, b0, c00);
                if (TVectors.Value > 1) c01 = TV.MulAdd(a0, b1, c01);
                if (TVectors.Value > 2) c02 = TV.MulAdd(a0, b2, c02);

                TV a1 = TV.Fill(r1[k]);
                c10 = TV.MulAdd(a1, b0, c10);
                if (TVectors.Value > 1) c11 = TV.MulAdd(a1, b1, c11);
                if (TVectors.Value > 2) c12 = TV.MulAdd(a1, b2, c12);

                TV a2 = TV.Fill(r2[k]);
                c20 = TV.MulAdd(a2, b0, c20);
                if (TVectors.Value > 1) c21 = TV.MulAdd(a2, b1, c21);
                if (TVectors.Value > 2) c22 = TV.MulAdd(a2, b2, c22);

                TV a3 = TV.Fill(r3[k]);
                c30 = TV.MulAdd(a3, b0, c30);
                if (TVectors.Value > 1) c31 = TV.MulAdd(a3, b1, c31);
                if (TVectors.Value > 2) c32 = TV.MulAdd(a3, b2, c32);

                if (TRows.Value > 4)
                {
                    TV a4 = TV.Fill(r4[k]);
                    c40 = TV.MulAdd(a4, b0, c40);
                    if (TVectors.Value > 1) c41 = TV.MulAdd(a4, b1, c41);
                    if (TVectors.Value > 2) c42 = TV.MulAdd(a4, b2, c42);

                    TV a5 = TV.Fill(r5[k]);
                    c50 = TV.MulAdd(a5, b0, c50);
                    if (TVectors.Value > 1) c51 = TV.MulAdd(a5, b1, c51);
                    if (TVectors.Value > 2) c52 = TV.MulAdd(a5, b2, c52);

                    TV a6 = TV.Fill(r6[k]);
                    c60 = TV.MulAdd(a6, b0, c60);
                    if (TVectors.Value > 1) c61 = TV.MulAdd(a6, b1, c61);
                    if (TVectors.Value > 2) c62 = TV.MulAdd(a6, b2, c62);

                    TV a7 = TV.Fill(r7[k]);
                    c70 = TV.MulAdd(a7, b0, c70);
                    if (TVectors.Value > 1) c71 = TV.MulAdd(a7, b1, c71);
                    if (TVectors.Value > 2) c72 = TV.MulAdd(a7, b2, c72);
                }

                k += leftStep;
                b += rightStep;
            }
        }

        TV.Store(c00, tile);
        if (TVectors.Value > 1) TV.Store(c01, tile + size);
        if (TVectors.Value > 2) TV.Store(c02, tile + (2 * size));
        tile += stride;

        TV.Store(c10, tile);
        if (TVectors.Value > 1) TV.Store(c11, tile + size);
        if (TVectors.Value > 2) TV.Store(c12, tile + (2 * size));
        tile += stride;

        TV.Store(c20, tile);
        if (TVectors.Value > 1) TV.Store(c21, tile + size);
        if (TVectors.Value > 2) TV.Store(c22, tile + (2 * size));
        tile += stride;

        TV.Store(c30, tile);
        if (TVectors.Value > 1) TV.Store(c31, tile + size);
        if (TVectors.Value > 2) TV.Store(c32, tile + (2 * size));
        tile += stride;

        if (TRows.Value <= 4) return;
        TV.Store(c40, tile);
        if (TVectors.Value > 1) TV.Store(c41, tile + size);
        if (TVectors.Value > 2) TV.Store(c42, tile + (2 * size));
        tile += stride;

        TV.Store(c50, tile);
        if (TVectors.Value > 1) TV.Store(c51, tile + size);
        if (TVectors.Value > 2) TV.Store(c52, tile + (2 * size));
        tile += stride;

        TV.Store(c60, tile);
        if (TVectors.Value > 1) TV.Store(c61, tile + size);
        if (TVectors.Value > 2) TV.Store(c62, tile + (2 * size));
        tile += stride;

        TV.Store(c70, tile);
        if (TVectors.Value > 1) TV.Store(c71, tile + size);
        if (TVectors.Value > 2) TV.Store(c72, tile + (2 * size));
    }
}
