using static Engine.Kernels.Attention.Gpu.AttentionTiles;

namespace Engine.Kernels.Attention.Gpu;

/// <summary>
/// The forward pass, as in FlashAttention: one walk over the keys, with a running maximum m and a running sum l of e^(score - m) for each
/// query. Where a tile of keys brings a larger maximum, what is there already, sum and output, is multiplied by e^(old m - new m). A group
/// has 64 queries and takes 32 keys at a time, in <see cref="AttentionTiles"/>. The sixteen threads of a query are half a warp, and find
/// its maximum by shuffles. What bounds it are the multiplications, 4 keys x width for each query; memory sees the keys and values once for
/// every 64 queries.
/// </summary>
internal readonly record struct AttentionForward(
    AttentionRows Q, AttentionRows K, AttentionRows V, AttentionShape Shape, Storage Output, Storage LogSumExp)
    : IScalarWork
{
    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        device.Launcher(ForwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            Groups(Shape, Shape.Queries), new AttentionWalk(Shape), new AttentionInputs(new(Q), new(K), new(V)), TLane.Of(Shape.Scale),
            ViewOf<TLane>(Q.Storage), ViewOf<TLane>(K.Storage), ViewOf<TLane>(V.Storage), ViewOf<TLane>(Output), ViewOf<TLane>(LogSumExp));
    }

    /// <summary>A group computes up to 64 columns of 64 rows of the output, and their log-sum-exps.</summary>
    private static void ForwardKernel<TLane>(
        AttentionWalk walk, AttentionInputs inputs, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v,
        ArrayView<TLane> output, ArrayView<TLane> logSumExp)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> queries = SharedMemory.Allocate<Four<TLane>>(DepthTile * RowPitch),
            keys = SharedMemory.Allocate<Four<TLane>>(DepthTile * StepPitch);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(StepTile * RowPitch),
            values = SharedMemory.Allocate<Four<TLane>>(StepTile * ColumnPitch);
        int thread = Group.IdxX, x = thread % 16, y = thread / 16, first = Grid.IdxX * RowTile, firstColumn = Grid.IdxY * ColumnTile,
            query = first + (4 * y);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item);
            TLane zero = TLane.Of(0);
            TLane m0 = TLane.Of(double.NegativeInfinity), m1 = m0, m2 = m0, m3 = m0, l0 = zero, l1 = zero, l2 = zero, l3 = zero;
            Four<TLane> c0 = Fours.Of(zero), c1 = c0, c2 = c0, c3 = c0;
            int end = walk.Visible(IntrinsicMath.Min(first + RowTile, walk.Queries) - 1);
            for (int key = 0; key < end; key += StepTile)
            {
                // Scores of the thread's four queries with keys 2 x and 2 x + 1 of the tile.
                MultiplyRows(walk, queries, keys, q, inputs.Q, headQ, first, walk.Queries, k, inputs.K, headK, key, walk.Keys,
                    out Four<TLane> even, out Four<TLane> odd);
                LoadStep(walk, values, v, inputs.V, headV, key, walk.Keys, firstColumn);
                int own = key + (2 * x);
                Weigh(walk, query, own, scale, even.X, odd.X, ref m0, ref l0, ref c0, out TLane p0, out TLane r0);
                Weigh(walk, query + 1, own, scale, even.Y, odd.Y, ref m1, ref l1, ref c1, out TLane p1, out TLane r1);
                Weigh(walk, query + 2, own, scale, even.Z, odd.Z, ref m2, ref l2, ref c2, out TLane p2, out TLane r2);
                Weigh(walk, query + 3, own, scale, even.W, odd.W, ref m3, ref l3, ref c3, out TLane p3, out TLane r3);
                weights[(2 * x * RowPitch) + y] = new(p0, p1, p2, p3);
                weights[(((2 * x) + 1) * RowPitch) + y] = new(r0, r1, r2, r3);
                Group.Barrier();
                if (walk.HidesKeys(first, key)) AddVisible(weights, values, ref c0, ref c1, ref c2, ref c3);
                else AddWeighted(weights, values, ref c0, ref c1, ref c2, ref c3);
            }

            Finish(walk, item, query, firstColumn + (4 * x), m0, l0, c0, output, logSumExp);
            Finish(walk, item, query + 1, firstColumn + (4 * x), m1, l1, c1, output, logSumExp);
            Finish(walk, item, query + 2, firstColumn + (4 * x), m2, l2, c2, output, logSumExp);
            Finish(walk, item, query + 3, firstColumn + (4 * x), m3, l3, c3, output, logSumExp);
        }
    }

    // m' = max(m, scores), l = l e^(m - m') + sum(e^(score - m')), c = c e^(m - m'): with two scores of the thread, and a maximum over the
    // half warp. l is the thread's own share of the sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weigh<TLane>(
        AttentionWalk walk, int query, int key, TLane scale, TLane even, TLane odd, ref TLane m, ref TLane l, ref Four<TLane> c,
        out TLane weight, out TLane oddWeight)
        where TLane : unmanaged, ILane<TLane>
    {
        int visible = query < walk.Queries ? walk.Visible(query) : 0;
        TLane none = TLane.Of(double.NegativeInfinity), zero = TLane.Of(0);
        TLane a = key < visible ? scale * even : none, b = key + 1 < visible ? scale * odd : none;
        TLane largest = TLane.Max(a, b);
        for (int distance = 8; distance > 0; distance /= 2) largest = TLane.Max(largest, Warp.ShuffleXor(largest, distance));
        largest = TLane.Max(m, largest);

        // Where nothing was seen so far both are minus infinity, and their difference is none.
        TLane kept = TLane.SelectEqual(m, largest, TLane.Of(1), LaneMath.Exp(m - largest));
        weight = key < visible ? LaneMath.Exp(a - largest) : zero;
        oddWeight = key + 1 < visible ? LaneMath.Exp(b - largest) : zero;
        m = largest;
        l = TLane.MulAdd(l, kept, weight + oddWeight);
        c = new(c.X * kept, c.Y * kept, c.Z * kept, c.W * kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TLane>(
        AttentionWalk walk, int item, int query, int column, TLane m, TLane l, Four<TLane> c, ArrayView<TLane> output,
        ArrayView<TLane> logSumExp)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int distance = 8; distance > 0; distance /= 2) l += Warp.ShuffleXor(l, distance);
        if (query >= walk.Queries) return;
        Fours.Store(output, walk.OutputRow(item, query) + column, walk.Width - column, (walk.Width & 3) == 0,
            new Four<TLane>(c.X / l, c.Y / l, c.Z / l, c.W / l));
        if (column != 0) return;
        TLane log = LaneMath.Log(l), total = m + log;
        int at = (item * walk.Queries) + query;
        logSumExp[at] = total;
        logSumExp[(walk.Items * walk.Queries) + at] = ScaledDotProductAttention.Remainder(m, log, total);
    }
}
