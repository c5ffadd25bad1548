using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// The innermost loop: a tile of C, up to 8 rows by 3 vectors, stays in registers while k runs. For every k it takes one vector of the
/// right panel for each vector of the tile and one number of the left panel for each row: 24 multiply-adds for 11 loads.
/// </summary>
/// <remarks>
/// The sums are locals, not arrays, because only locals become registers: 24 sums, 3 vectors of the right panel and 1 of the left fit the
/// 32 registers of 512-bit vectors, and 4 x 3 (of the same source: rows and vectors are constants to the compiler) the 16 of 256-bit
/// vectors.
/// </remarks>
internal static unsafe class MicroKernel<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int MaxVectors = 3;

    /// <summary>
    /// Rows of the right matrix that are asked for ahead: some 300 cycles of products, the way to the last-level cache and back.
    /// </summary>
    private const int PrefetchDistance = 12;

    // Indexed by rows, vectors (both from 1) and whether the right panel is copied.
    private static readonly delegate*<in Panels<T>, T*, nint, bool, void>[] s_forms =
    [
        &Run<One, One, No>, &Run<One, One, Yes>, &Run<One, Two, No>, &Run<One, Two, Yes>, &Run<One, Three, No>, &Run<One, Three, Yes>,
        &Run<Two, One, No>, &Run<Two, One, Yes>, &Run<Two, Two, No>, &Run<Two, Two, Yes>, &Run<Two, Three, No>, &Run<Two, Three, Yes>,
        &Run<Three, One, No>, &Run<Three, One, Yes>, &Run<Three, Two, No>, &Run<Three, Two, Yes>, &Run<Three, Three, No>,
        &Run<Three, Three, Yes>,
        &Run<Four, One, No>, &Run<Four, One, Yes>, &Run<Four, Two, No>, &Run<Four, Two, Yes>, &Run<Four, Three, No>, &Run<Four, Three, Yes>,
        &Run<Five, One, No>, &Run<Five, One, Yes>, &Run<Five, Two, No>, &Run<Five, Two, Yes>, &Run<Five, Three, No>, &Run<Five, Three, Yes>,
        &Run<Six, One, No>, &Run<Six, One, Yes>, &Run<Six, Two, No>, &Run<Six, Two, Yes>, &Run<Six, Three, No>, &Run<Six, Three, Yes>,
        &Run<Seven, One, No>, &Run<Seven, One, Yes>, &Run<Seven, Two, No>, &Run<Seven, Two, Yes>, &Run<Seven, Three, No>,
        &Run<Seven, Three, Yes>,
        &Run<Eight, One, No>, &Run<Eight, One, Yes>, &Run<Eight, Two, No>, &Run<Eight, Two, Yes>, &Run<Eight, Three, No>,
        &Run<Eight, Three, Yes>,
    ];

    /// <summary>
    /// C += (or =, without <paramref name="load"/>) left panel * right panel, for a tile of the given number of rows and vectors.
    /// A right panel that lies in its matrix is packed on the way if the panels say so, at the price of a store for each load.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Run(int rows, int vectors, in Panels<T> p, T* c, nint stride, bool load)
    {
        int form = (((rows - 1) * MaxVectors) + vectors - 1) * 2;
        s_forms[p.Copy == null ? form : form + 1](p, c, stride, load);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TVectors, TCopy>(in Panels<T> p, T* c, nint stride, bool load)
        where TRows : struct, ICount
        where TVectors : struct, ICount
        where TCopy : struct, IChoice
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

        // A store to a line that is not in the cache waits for it, a load even more: this tile's lines are asked for where they are only
        // written, and those of the one below, which is the next, where they are read first.
        T* asked = load ? c + (TRows.Value * stride) : c;
        for (int i = 0; i < TRows.Value; i++, asked += stride)
        {
            Prefetch(asked);
            if (TVectors.Value > 1) Prefetch(asked + size);
            if (TVectors.Value > 2) Prefetch(asked + (2 * size));
        }

        if (load)
        {
            T* row = c;
            if (TRows.Value > 0)
            {
                c00 = TV.Load(row);
                if (TVectors.Value > 1) c01 = TV.Load(row + size);
                if (TVectors.Value > 2) c02 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 1)
            {
                c10 = TV.Load(row);
                if (TVectors.Value > 1) c11 = TV.Load(row + size);
                if (TVectors.Value > 2) c12 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 2)
            {
                c20 = TV.Load(row);
                if (TVectors.Value > 1) c21 = TV.Load(row + size);
                if (TVectors.Value > 2) c22 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 3)
            {
                c30 = TV.Load(row);
                if (TVectors.Value > 1) c31 = TV.Load(row + size);
                if (TVectors.Value > 2) c32 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 4)
            {
                c40 = TV.Load(row);
                if (TVectors.Value > 1) c41 = TV.Load(row + size);
                if (TVectors.Value > 2) c42 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 5)
            {
                c50 = TV.Load(row);
                if (TVectors.Value > 1) c51 = TV.Load(row + size);
                if (TVectors.Value > 2) c52 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 6)
            {
                c60 = TV.Load(row);
                if (TVectors.Value > 1) c61 = TV.Load(row + size);
                if (TVectors.Value > 2) c62 = TV.Load(row + (2 * size));
                row += stride;
            }

            if (TRows.Value > 7)
            {
                c70 = TV.Load(row);
                if (TVectors.Value > 1) c71 = TV.Load(row + size);
                if (TVectors.Value > 2) c72 = TV.Load(row + (2 * size));
            }
        }

        T* left = p.Left, right = p.Right, copy = p.Copy, next = p.Next;
        nint nextStep = p.NextStep;
        nint depthStep = p.LeftDepthStep, rightStep = p.RightStep;
        nint s1 = p.LeftRowStep, s2 = 2 * s1, s3 = 3 * s1, s4 = 4 * s1, s5 = 5 * s1, s6 = 6 * s1, s7 = 7 * s1;
        for (int depth = p.Depth; depth > 0; depth--)
        {
            TV b0 = TV.Load(right), b1 = default, b2 = default;
            if (TVectors.Value > 1) b1 = TV.Load(right + size);
            if (TVectors.Value > 2) b2 = TV.Load(right + (2 * size));
            if (TCopy.Value)
            {
                // Rows of a matrix lie too far apart for the prefetcher of the machine.
                Prefetch(right + (PrefetchDistance * rightStep));
                if (TVectors.Value > 1) Prefetch(right + (PrefetchDistance * rightStep) + size);
                if (TVectors.Value > 2) Prefetch(right + (PrefetchDistance * rightStep) + (2 * size));
                TV.Store(b0, copy);
                if (TVectors.Value > 1) TV.Store(b1, copy + size);
                if (TVectors.Value > 2) TV.Store(b2, copy + (2 * size));
                copy += TVectors.Value * size;
            }


            TV a0 = TV.Fill(left[0]);
            c00 = TV.MulAdd(a0, b0, c00);
            if (TVectors.Value > 1) c01 = TV.MulAdd(a0, b1, c01);
            if (TVectors.Value > 2) c02 = TV.MulAdd(a0, b2, c02);
            if (TRows.Value > 1)
            {
                TV a1 = TV.Fill(left[s1]);
                c10 = TV.MulAdd(a1, b0, c10);
                if (TVectors.Value > 1) c11 = TV.MulAdd(a1, b1, c11);
                if (TVectors.Value > 2) c12 = TV.MulAdd(a1, b2, c12);
            }

            if (TRows.Value > 2)
            {
                TV a2 = TV.Fill(left[s2]);
                c20 = TV.MulAdd(a2, b0, c20);
                if (TVectors.Value > 1) c21 = TV.MulAdd(a2, b1, c21);
                if (TVectors.Value > 2) c22 = TV.MulAdd(a2, b2, c22);
            }

            if (TRows.Value > 3)
            {
                TV a3 = TV.Fill(left[s3]);
                c30 = TV.MulAdd(a3, b0, c30);
                if (TVectors.Value > 1) c31 = TV.MulAdd(a3, b1, c31);
                if (TVectors.Value > 2) c32 = TV.MulAdd(a3, b2, c32);
            }

            if (TRows.Value > 4)
            {
                TV a4 = TV.Fill(left[s4]);
                c40 = TV.MulAdd(a4, b0, c40);
                if (TVectors.Value > 1) c41 = TV.MulAdd(a4, b1, c41);
                if (TVectors.Value > 2) c42 = TV.MulAdd(a4, b2, c42);
            }

            if (TRows.Value > 5)
            {
                TV a5 = TV.Fill(left[s5]);
                c50 = TV.MulAdd(a5, b0, c50);
                if (TVectors.Value > 1) c51 = TV.MulAdd(a5, b1, c51);
                if (TVectors.Value > 2) c52 = TV.MulAdd(a5, b2, c52);
            }

            if (TRows.Value > 6)
            {
                TV a6 = TV.Fill(left[s6]);
                c60 = TV.MulAdd(a6, b0, c60);
                if (TVectors.Value > 1) c61 = TV.MulAdd(a6, b1, c61);
                if (TVectors.Value > 2) c62 = TV.MulAdd(a6, b2, c62);
            }

            if (TRows.Value > 7)
            {
                TV a7 = TV.Fill(left[s7]);
                c70 = TV.MulAdd(a7, b0, c70);
                if (TVectors.Value > 1) c71 = TV.MulAdd(a7, b1, c71);
                if (TVectors.Value > 2) c72 = TV.MulAdd(a7, b2, c72);
            }

            Prefetch(next);
            next += nextStep;
            left += depthStep;
            right += rightStep;
        }

        TV.Store(c00, c);
        if (TVectors.Value > 1) TV.Store(c01, c + size);
        if (TVectors.Value > 2) TV.Store(c02, c + (2 * size));
        c += stride;

        if (TRows.Value > 1)
        {
            TV.Store(c10, c);
            if (TVectors.Value > 1) TV.Store(c11, c + size);
            if (TVectors.Value > 2) TV.Store(c12, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 2)
        {
            TV.Store(c20, c);
            if (TVectors.Value > 1) TV.Store(c21, c + size);
            if (TVectors.Value > 2) TV.Store(c22, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 3)
        {
            TV.Store(c30, c);
            if (TVectors.Value > 1) TV.Store(c31, c + size);
            if (TVectors.Value > 2) TV.Store(c32, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 4)
        {
            TV.Store(c40, c);
            if (TVectors.Value > 1) TV.Store(c41, c + size);
            if (TVectors.Value > 2) TV.Store(c42, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 5)
        {
            TV.Store(c50, c);
            if (TVectors.Value > 1) TV.Store(c51, c + size);
            if (TVectors.Value > 2) TV.Store(c52, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 6)
        {
            TV.Store(c60, c);
            if (TVectors.Value > 1) TV.Store(c61, c + size);
            if (TVectors.Value > 2) TV.Store(c62, c + (2 * size));
            c += stride;
        }

        if (TRows.Value > 7)
        {
            TV.Store(c70, c);
            if (TVectors.Value > 1) TV.Store(c71, c + size);
            if (TVectors.Value > 2) TV.Store(c72, c + (2 * size));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(T* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }
}
