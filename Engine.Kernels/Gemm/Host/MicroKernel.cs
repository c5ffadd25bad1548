namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// The innermost loop of matrix products and convolutions: a tile of the result, up to 8 rows by 3 vectors, stays in registers while the
/// depth runs. At every depth it takes one vector of the right panel for each vector of the tile and one element of the left side for each
/// row: 24 multiply-adds for 11 loads.
/// </summary>
/// <remarks>
/// The sums are locals, not arrays, because only locals become registers: 24 sums, 3 vectors of the right panel and 1 of the left fit the
/// 32 registers of 512-bit vectors and of ARM64's, and 4 x 3 (of the same source: rows and vectors are constants to the compiler) the 16 of
/// 256-bit vectors.
/// </remarks>
internal static unsafe class MicroKernel<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int MaxVectors = 3;

    /// <summary>
    /// Rows of the right matrix that are requested ahead: some 300 cycles of products, the way to the last-level cache and back.
    /// </summary>
    private const int PrefetchDistance = 12;

    // Indexed by rows, vectors (both from 1) and whether the right panel is copied.
    private static readonly delegate*<in Panels<T>, T*, nint, bool, void>[] s_forms =
    [
        &Tile<One, One, No, No>, &Tile<One, One, Yes, No>, &Tile<One, Two, No, No>, &Tile<One, Two, Yes, No>,
        &Tile<One, Three, No, No>, &Tile<One, Three, Yes, No>,
        &Tile<Two, One, No, No>, &Tile<Two, One, Yes, No>, &Tile<Two, Two, No, No>, &Tile<Two, Two, Yes, No>,
        &Tile<Two, Three, No, No>, &Tile<Two, Three, Yes, No>,
        &Tile<Three, One, No, No>, &Tile<Three, One, Yes, No>, &Tile<Three, Two, No, No>, &Tile<Three, Two, Yes, No>,
        &Tile<Three, Three, No, No>, &Tile<Three, Three, Yes, No>,
        &Tile<Four, One, No, No>, &Tile<Four, One, Yes, No>, &Tile<Four, Two, No, No>, &Tile<Four, Two, Yes, No>,
        &Tile<Four, Three, No, No>, &Tile<Four, Three, Yes, No>,
        &Tile<Five, One, No, No>, &Tile<Five, One, Yes, No>, &Tile<Five, Two, No, No>, &Tile<Five, Two, Yes, No>,
        &Tile<Five, Three, No, No>, &Tile<Five, Three, Yes, No>,
        &Tile<Six, One, No, No>, &Tile<Six, One, Yes, No>, &Tile<Six, Two, No, No>, &Tile<Six, Two, Yes, No>,
        &Tile<Six, Three, No, No>, &Tile<Six, Three, Yes, No>,
        &Tile<Seven, One, No, No>, &Tile<Seven, One, Yes, No>, &Tile<Seven, Two, No, No>, &Tile<Seven, Two, Yes, No>,
        &Tile<Seven, Three, No, No>, &Tile<Seven, Three, Yes, No>,
        &Tile<Eight, One, No, No>, &Tile<Eight, One, Yes, No>, &Tile<Eight, Two, No, No>, &Tile<Eight, Two, Yes, No>,
        &Tile<Eight, Three, No, No>, &Tile<Eight, Three, Yes, No>,
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

    /// <summary>
    /// The same for a left side whose rows lie wherever their pointers say (pixels of eight images, channels of a pixel, taps of a kernel),
    /// unpacked, and a depth that is a list of runs (the taps of the kernel that meet the image): tile[i, :] = sum over segments and depths
    /// k of rows[i][left + k * leftStep] * right[k, :], or with <paramref name="load"/> tile + the sum.
    /// </summary>
    /// <param name="rows">As many pointers as a full register tile has rows; they may repeat.</param>
    /// <param name="leftStep">Elements from one depth to the next in a row.</param>
    /// <param name="vectors">Vectors in a row of the tile, 1 to 3.</param>
    /// <param name="right">The right panel.</param>
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
        Panels<T> p = new(rows, leftStep, right, rightStep, segments, count);
        if (TileSize<TV, T>.Rows == 8)
        {
            if (vectors == 3) Tile<Eight, Three, No, Yes>(p, tile, stride, load);
            else if (vectors == 2) Tile<Eight, Two, No, Yes>(p, tile, stride, load);
            else Tile<Eight, One, No, Yes>(p, tile, stride, load);
        }
        else
        {
            if (vectors == 3) Tile<Four, Three, No, Yes>(p, tile, stride, load);
            else if (vectors == 2) Tile<Four, Two, No, Yes>(p, tile, stride, load);
            else Tile<Four, One, No, Yes>(p, tile, stride, load);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile<TRows, TVectors, TCopy, TRuns>(in Panels<T> p, T* c, nint stride, bool load)
        where TRows : struct, ICount
        where TVectors : struct, ICount
        where TCopy : struct, IChoice
        where TRuns : struct, IChoice
    {
        int size = TV.Count;
        TV c00 = default, c01 = default, c02 = default, c10 = default, c11 = default, c12 = default;
        TV c20 = default, c21 = default, c22 = default, c30 = default, c31 = default, c32 = default;
        TV c40 = default, c41 = default, c42 = default, c50 = default, c51 = default, c52 = default;
        TV c60 = default, c61 = default, c62 = default, c70 = default, c71 = default, c72 = default;
        if (!TRuns.Value)
        {
            // A store to a line that is not in the cache waits for it, a load even more: this tile's lines are requested where they are
            // only written, and those of the one below, which is the next, where they are read first.
            T* requested = load ? c + (TRows.Value * stride) : c;
            for (int i = 0; i < TRows.Value; i++, requested += stride)
            {
                Prefetch.Line(requested);
                if (TVectors.Value > 1) Prefetch.Line(requested + size);
                if (TVectors.Value > 2) Prefetch.Line(requested + (2 * size));
            }
        }

        if (load)
        {
            T* row = c;
            Load<TVectors>(row, ref c00, ref c01, ref c02);
            if (TRows.Value > 1) Load<TVectors>(row += stride, ref c10, ref c11, ref c12);
            if (TRows.Value > 2) Load<TVectors>(row += stride, ref c20, ref c21, ref c22);
            if (TRows.Value > 3) Load<TVectors>(row += stride, ref c30, ref c31, ref c32);
            if (TRows.Value > 4) Load<TVectors>(row += stride, ref c40, ref c41, ref c42);
            if (TRows.Value > 5) Load<TVectors>(row += stride, ref c50, ref c51, ref c52);
            if (TRows.Value > 6) Load<TVectors>(row += stride, ref c60, ref c61, ref c62);
            if (TRows.Value > 7) Load<TVectors>(row += stride, ref c70, ref c71, ref c72);
        }

        T* left = p.Left, right = p.Right, copy = p.Copy, next = p.Next;
        nint nextStep = p.NextStep, depthStep = p.LeftDepthStep, rightStep = p.RightStep, depth = p.Depth;
        nint s1 = p.LeftRowStep, s2 = 2 * s1, s3 = 3 * s1, s4 = 4 * s1, s5 = 5 * s1, s6 = 6 * s1, s7 = 7 * s1;
        Segment* segment = p.Segments;
        int runs = TRuns.Value ? p.Count : 1;
        if (TRuns.Value)
        {
            T** rows = p.Rows;
            (s1, s2, s3) = ((nint)(rows[1] - rows[0]), (nint)(rows[2] - rows[0]), (nint)(rows[3] - rows[0]));
            if (TRows.Value > 4)
            {
                (s4, s5) = ((nint)(rows[4] - rows[0]), (nint)(rows[5] - rows[0]));
                (s6, s7) = ((nint)(rows[6] - rows[0]), (nint)(rows[7] - rows[0]));
            }
        }

        for (; runs > 0; runs--)
        {
            if (TRuns.Value)
            {
                left = p.Rows[0] + segment->Left;
                right = p.Right + segment->Right;
                depth = segment->Depth;
                segment++;
            }

            for (; depth > 0; depth--)
            {
                TV b0 = TV.Load(right), b1 = default, b2 = default;
                if (TVectors.Value > 1) b1 = TV.Load(right + size);
                if (TVectors.Value > 2) b2 = TV.Load(right + (2 * size));
                if (TCopy.Value)
                {
                    // Rows of a matrix lie too far apart for the hardware prefetcher.
                    Prefetch.Line(right + (PrefetchDistance * rightStep));
                    if (TVectors.Value > 1) Prefetch.Line(right + (PrefetchDistance * rightStep) + size);
                    if (TVectors.Value > 2) Prefetch.Line(right + (PrefetchDistance * rightStep) + (2 * size));
                    Store<TVectors>(copy, b0, b1, b2);
                    copy += TVectors.Value * size;
                }

                MulAdd<TVectors>(left, b0, b1, b2, ref c00, ref c01, ref c02);
                if (TRows.Value > 1) MulAdd<TVectors>(left + s1, b0, b1, b2, ref c10, ref c11, ref c12);
                if (TRows.Value > 2) MulAdd<TVectors>(left + s2, b0, b1, b2, ref c20, ref c21, ref c22);
                if (TRows.Value > 3) MulAdd<TVectors>(left + s3, b0, b1, b2, ref c30, ref c31, ref c32);
                if (TRows.Value > 4) MulAdd<TVectors>(left + s4, b0, b1, b2, ref c40, ref c41, ref c42);
                if (TRows.Value > 5) MulAdd<TVectors>(left + s5, b0, b1, b2, ref c50, ref c51, ref c52);
                if (TRows.Value > 6) MulAdd<TVectors>(left + s6, b0, b1, b2, ref c60, ref c61, ref c62);
                if (TRows.Value > 7) MulAdd<TVectors>(left + s7, b0, b1, b2, ref c70, ref c71, ref c72);
                if (!TRuns.Value)
                {
                    Prefetch.Line(next);
                    next += nextStep;
                }

                left += depthStep;
                right += rightStep;
            }
        }

        Store<TVectors>(c, c00, c01, c02);
        if (TRows.Value > 1) Store<TVectors>(c += stride, c10, c11, c12);
        if (TRows.Value > 2) Store<TVectors>(c += stride, c20, c21, c22);
        if (TRows.Value > 3) Store<TVectors>(c += stride, c30, c31, c32);
        if (TRows.Value > 4) Store<TVectors>(c += stride, c40, c41, c42);
        if (TRows.Value > 5) Store<TVectors>(c += stride, c50, c51, c52);
        if (TRows.Value > 6) Store<TVectors>(c += stride, c60, c61, c62);
        if (TRows.Value > 7) Store<TVectors>(c += stride, c70, c71, c72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TVectors>(T* row, ref TV c0, ref TV c1, ref TV c2) where TVectors : struct, ICount
    {
        c0 = TV.Load(row);
        if (TVectors.Value > 1) c1 = TV.Load(row + TV.Count);
        if (TVectors.Value > 2) c2 = TV.Load(row + (2 * TV.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MulAdd<TVectors>(T* a, TV b0, TV b1, TV b2, ref TV c0, ref TV c1, ref TV c2) where TVectors : struct, ICount
    {
        // Filled from memory: one instruction, and none on the ports that multiply.
        TV filled = TV.Fill(*a);
        c0 = TV.MulAdd(filled, b0, c0);
        if (TVectors.Value > 1) c1 = TV.MulAdd(filled, b1, c1);
        if (TVectors.Value > 2) c2 = TV.MulAdd(filled, b2, c2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVectors>(T* row, TV c0, TV c1, TV c2) where TVectors : struct, ICount
    {
        TV.Store(c0, row);
        if (TVectors.Value > 1) TV.Store(c1, row + TV.Count);
        if (TVectors.Value > 2) TV.Store(c2, row + (2 * TV.Count));
    }
}

/// <summary>What the micro-kernel multiplies.</summary>
/// <param name="depth">Depths in the panels.</param>
/// <param name="left">The left panel, packed or in its matrix.</param>
/// <param name="leftRowStep">Elements from one row of the left panel to the next.</param>
/// <param name="leftDepthStep">Elements from one depth of the left panel to the next.</param>
/// <param name="right">The right panel, packed or in its matrix.</param>
/// <param name="rightStep">Elements from one depth of the right panel to the next.</param>
/// <param name="copy">Where the right panel is packed to on the way; null leaves it.</param>
/// <param name="next">What is requested on the way, at each depth an address: what will be read soon.</param>
/// <param name="nextStep">Elements from one such address to the next.</param>
internal readonly unsafe struct Panels<T>(
    int depth, T* left, nint leftRowStep, nint leftDepthStep, T* right, nint rightStep, T* copy, T* next, nint nextStep) where T : unmanaged
{
    internal readonly int Depth = depth;
    internal readonly T* Left = left, Right = right, Copy = copy, Next = next;
    internal readonly nint LeftRowStep = leftRowStep, LeftDepthStep = leftDepthStep, RightStep = rightStep, NextStep = nextStep;

    /// <summary>A pointer for each row of the left side, and the runs of depths, where there are such.</summary>
    internal readonly T** Rows;
    internal readonly Segment* Segments;
    internal readonly int Count;

    internal Panels(T** rows, nint leftStep, T* right, nint rightStep, Segment* segments, int count)
        : this(0, null, 0, leftStep, right, rightStep, null, null, 0)
    {
        Rows = rows;
        Segments = segments;
        Count = count;
    }
}

/// <summary>A run of depths that lie at equal distances in both operands.</summary>
/// <param name="Left">Elements from each row's pointer to the first depth.</param>
/// <param name="Right">Elements from the right panel's first to the first depth.</param>
/// <param name="Depth">Depths in the run, at least 1.</param>
internal readonly record struct Segment(nint Left, nint Right, nint Depth);
