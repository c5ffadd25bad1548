using static Engine.Kernels.Attention.Gpu.AttentionTiles;

namespace Engine.Kernels.Attention.Gpu;

/// <summary>
/// The derivative, as in FlashAttention-2 (Dao 2023, arXiv:2307.08691): the weights P are recomputed from the log-sum-exps, and with D =
/// rowsum(dO O): dV = Pᵀ dO, dP = dO Vᵀ, dS = P (dP - D) scale, dQ = dS K, dK = dSᵀ Q.
/// </summary>
/// <remarks>
/// One kernel walks over the keys for dQ, three products; another over the queries for dK and dV together, four products. So no two threads
/// add to one element, and the order of each sum is fixed. Heads wider than 64 are cut among groups, which recompute the weights.
/// </remarks>
internal readonly record struct AttentionBackward(
    AttentionRows Q, AttentionRows K, AttentionRows V, AttentionShape Shape, Storage Output, Storage LogSumExp, Storage G,
    AttentionRows? Dq, AttentionRows? Dk, AttentionRows? Dv) : IScalarWork
{
    private const int RowsOfGroup = GroupThreads / 16;

    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        using Scratch sums = new(device, G.DType, checked(2 * (int)Shape.Rows));
        AttentionWalk walk = new(Shape);
        AttentionInputs inputs = new(new(Q), new(K), new(V));
        AttentionPlace gradient = new(new AttentionRows(G, 0, Shape.Channels, Shape.Queries * Shape.Channels));
        ArrayView<TLane> queries = ViewOf<TLane>(Q.Storage), keys = ViewOf<TLane>(K.Storage),
            values = ViewOf<TLane>(V.Storage), logs = ViewOf<TLane>(LogSumExp),
            ofOutput = ViewOf<TLane>(G), rowSums = ViewOf<TLane>(sums);
        if (Shape.Queries > 0)
        {
            device.Launcher(RowSumKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                new KernelConfig(((int)Shape.Rows + RowsOfGroup - 1) / RowsOfGroup, GroupThreads), walk, (int)Shape.Rows, ofOutput,
                ViewOf<TLane>(Output), rowSums);
        }

        if (Dq is { } toQ && Shape.Queries > 0)
        {
            device.Launcher(QueryKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                Groups(Shape, Shape.Queries), walk, inputs, gradient, new AttentionPlace(toQ), TLane.Of(Shape.Scale), queries, keys,
                values, ofOutput, logs, rowSums, ViewOf<TLane>(toQ.Storage));
        }

        if (Dk is not null || Dv is not null)
        {
            device.Launcher(KeyKernel<TLane>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                Groups(Shape, Shape.Keys), walk, inputs, new KeyGradients(gradient, Dk, Dv), TLane.Of(Shape.Scale), queries, keys, values,
                ofOutput, logs, rowSums, ViewOf<TLane>(Dk?.Storage ?? G), ViewOf<TLane>(Dv?.Storage ?? G));
        }
    }

    /// <summary>
    /// Half a warp computes D = rowsum(dO O) of a query: neighbours read neighbours. Behind all of these, sums of |dO| say which queries
    /// have a gradient: one whose gradient is 0 adds nothing to those of keys and values, be it infinite or NaN.
    /// </summary>
    private static void RowSumKernel<TLane>(
        AttentionWalk walk, int rows, ArrayView<TLane> g, ArrayView<TLane> output, ArrayView<TLane> sums)
        where TLane : unmanaged, ILane<TLane>
    {
        int row = (Grid.IdxX * RowsOfGroup) + (Group.IdxX / 16), x = Group.IdxX % 16;
        TLane sum = TLane.Of(0), size = sum, zero = sum;
        if (row < rows)
        {
            int at = walk.OutputRow(row / walk.Queries, row % walk.Queries);
            for (int i = x; i < walk.Width; i += 16)
            {
                sum = TLane.MulAdd(g[at + i], output[at + i], sum);
                size += TLane.Abs(g[at + i]);
            }
        }

        for (int distance = 8; distance > 0; distance /= 2)
        {
            sum += Warp.ShuffleXor(sum, distance);
            size += Warp.ShuffleXor(size, distance);
        }

        if (x != 0 || row >= rows) return;
        sums[row] = TLane.SelectEqual(size, zero, zero, sum);
        sums[rows + row] = size;
    }

    /// <summary>A group computes up to 64 columns of 64 rows of dQ.</summary>
    private static void QueryKernel<TLane>(
        AttentionWalk walk, AttentionInputs inputs, AttentionPlace gradient, AttentionPlace ofResult, TLane scale, ArrayView<TLane> q,
        ArrayView<TLane> k, ArrayView<TLane> v, ArrayView<TLane> g, ArrayView<TLane> logSumExp, ArrayView<TLane> rowSums,
        ArrayView<TLane> dq)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> tileA = SharedMemory.Allocate<Four<TLane>>(DepthTile * RowPitch),
            tileB = SharedMemory.Allocate<Four<TLane>>(DepthTile * StepPitch);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(StepTile * RowPitch),
            values = SharedMemory.Allocate<Four<TLane>>(StepTile * ColumnPitch);
        int x = Group.IdxX % 16, y = Group.IdxX / 16, first = Grid.IdxX * RowTile, firstColumn = Grid.IdxY * ColumnTile,
        query = first + (4 * y),
            column = firstColumn + (4 * x);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item),
                headG = gradient.Head(walk, item);
            Four<TLane> c0 = Fours.Of(TLane.Of(0)), c1 = c0, c2 = c0, c3 = c0;
            Four<TLane> log = Fours.Load(logSumExp, (item * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            Four<TLane> rest = Fours.Load(
                logSumExp, ((walk.Items + item) * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            Four<TLane> sum = Fours.Load(rowSums, (item * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            Four<TLane> size = Fours.Load(
                rowSums, ((walk.Items + item) * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            int end = walk.Visible(IntrinsicMath.Min(first + RowTile, walk.Queries) - 1);
            for (int key = 0; key < end; key += StepTile)
            {
                MultiplyRows(walk, tileA, tileB, q, inputs.Q, headQ, first, walk.Queries, k, inputs.K, headK, key, walk.Keys,
                    out Four<TLane> even, out Four<TLane> odd);
                MultiplyRows(walk, tileA, tileB, g, gradient, headG, first, walk.Queries, v, inputs.V, headV, key, walk.Keys,
                    out Four<TLane> evenG, out Four<TLane> oddG);
                LoadStep(walk, values, k, inputs.K, headK, key, walk.Keys, firstColumn);
                int own = key + (2 * x);
                weights[(2 * x * RowPitch) + y] =
                    ScoreGradients(WeightsOfQueries(walk, query, own, scale, even, log, rest, size), evenG, sum, scale);
                weights[(((2 * x) + 1) * RowPitch) + y] =
                    ScoreGradients(WeightsOfQueries(walk, query, own + 1, scale, odd, log, rest, size), oddG, sum, scale);
                Group.Barrier();
                if (walk.HidesKeys(first, key)) AddVisible(weights, values, ref c0, ref c1, ref c2, ref c3);
                else AddWeighted(weights, values, ref c0, ref c1, ref c2, ref c3);
            }

            Four<TLane> none = Fours.Of(TLane.Of(0));
            WriteRows(walk, dq, ofResult, item, query, walk.Queries, column, UnlessZero(size.X, c0, none), UnlessZero(size.Y, c1, none),
                UnlessZero(size.Z, c2, none), UnlessZero(size.W, c3, none));
        }
    }

    /// <summary>A group computes up to 64 columns of 64 rows of dK and of dV, or of what is wanted of the two.</summary>
    private static void KeyKernel<TLane>(
        AttentionWalk walk, AttentionInputs inputs, KeyGradients gradients, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k,
        ArrayView<TLane> v, ArrayView<TLane> g, ArrayView<TLane> logSumExp, ArrayView<TLane> rowSums, ArrayView<TLane> dk,
        ArrayView<TLane> dv)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> tileA = SharedMemory.Allocate<Four<TLane>>(DepthTile * RowPitch),
            tileB = SharedMemory.Allocate<Four<TLane>>(DepthTile * StepPitch);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(StepTile * RowPitch),
            values = SharedMemory.Allocate<Four<TLane>>(StepTile * ColumnPitch);
        int x = Group.IdxX % 16, y = Group.IdxX / 16, first = Grid.IdxX * RowTile, firstColumn = Grid.IdxY * ColumnTile,
        key = first + (4 * y),
            column = firstColumn + (4 * x);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item),
                headG = gradients.OfOutput.Head(walk, item);
            Four<TLane> k0 = Fours.Of(TLane.Of(0)), k1 = k0, k2 = k0, k3 = k0, v0 = k0, v1 = k0, v2 = k0, v3 = k0;

            // Queries before the first key of the tile do not attend to any of it.
            for (int query = walk.FirstQuery(first) / StepTile * StepTile; query < walk.Queries; query += StepTile)
            {
                int own = query + (2 * x), atOwn = (item * walk.Queries) + own;
                MultiplyRows(walk, tileA, tileB, k, inputs.K, headK, first, walk.Keys, q, inputs.Q, headQ, query, walk.Queries,
                    out Four<TLane> even, out Four<TLane> odd);
                TLane evenLog = own < walk.Queries ? logSumExp[atOwn] : TLane.Of(0),
                    oddLog = own + 1 < walk.Queries ? logSumExp[atOwn + 1] : TLane.Of(0);
                int atRest = (walk.Items * walk.Queries) + atOwn;
                TLane evenRest = own < walk.Queries ? logSumExp[atRest] : TLane.Of(0),
                    oddRest = own + 1 < walk.Queries ? logSumExp[atRest + 1] : TLane.Of(0);
                TLane evenSize = own < walk.Queries ? rowSums[atRest] : TLane.Of(0),
                    oddSize = own + 1 < walk.Queries ? rowSums[atRest + 1] : TLane.Of(0);
                even = UnlessZero(evenSize, WeightsOfKeys(walk, own, key, scale, even, evenLog, evenRest), Fours.Of(TLane.Of(0)));
                odd = UnlessZero(oddSize, WeightsOfKeys(walk, own + 1, key, scale, odd, oddLog, oddRest), Fours.Of(TLane.Of(0)));
                bool hides = walk.HidesFrom(first, query);
                if (gradients.HasValues != 0)
                {
                    LoadStep(walk, values, g, gradients.OfOutput, headG, query, walk.Queries, firstColumn);
                    weights[(2 * x * RowPitch) + y] = even;
                    weights[(((2 * x) + 1) * RowPitch) + y] = odd;
                    Group.Barrier();
                    if (hides) AddVisible(weights, values, ref v0, ref v1, ref v2, ref v3);
                    else AddWeighted(weights, values, ref v0, ref v1, ref v2, ref v3);
                }

                if (gradients.HasKeys != 0)
                {
                    MultiplyRows(walk, tileA, tileB, v, inputs.V, headV, first, walk.Keys, g, gradients.OfOutput, headG, query,
                        walk.Queries,
                        out Four<TLane> evenG, out Four<TLane> oddG);
                    TLane evenSum = own < walk.Queries ? rowSums[atOwn] : TLane.Of(0),
                        oddSum = own + 1 < walk.Queries ? rowSums[atOwn + 1] : TLane.Of(0);
                    LoadQueries(walk, values, q, inputs.Q, headQ, query, firstColumn, rowSums, (walk.Items + item) * walk.Queries);
                    weights[(2 * x * RowPitch) + y] = ScoreGradients(even, evenG, Fours.Of(evenSum), scale);
                    weights[(((2 * x) + 1) * RowPitch) + y] = ScoreGradients(odd, oddG, Fours.Of(oddSum), scale);
                    Group.Barrier();
                    if (hides) AddVisible(weights, values, ref k0, ref k1, ref k2, ref k3);
                    else AddWeighted(weights, values, ref k0, ref k1, ref k2, ref k3);
                }
            }

            if (gradients.HasKeys != 0) WriteRows(walk, dk, gradients.K, item, key, walk.Keys, column, k0, k1, k2, k3);
            if (gradients.HasValues != 0) WriteRows(walk, dv, gradients.V, item, key, walk.Keys, column, v0, v1, v2, v3);
        }
    }

    /// <summary>
    /// P of a query and a key, e^(scale score - log-sum-exp), which lacks the rest by rounding; 0 where the query does not attend to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Weight<TLane>(AttentionWalk walk, int query, int key, TLane scale, TLane score, TLane log, TLane rest)
        where TLane : unmanaged, ILane<TLane> =>
        query < walk.Queries && key < walk.Keys && key < walk.Visible(query) ? LaneMath.Exp((scale * score) - log - rest) : TLane.Of(0);

    /// <summary>P of four queries and a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> WeightsOfQueries<TLane>(
        AttentionWalk walk, int query, int key, TLane scale, Four<TLane> scores, Four<TLane> logs, Four<TLane> rests,
        Four<TLane> sizes)
        where TLane : unmanaged, ILane<TLane> =>
        new(Heard(sizes.X, Weight(walk, query, key, scale, scores.X, logs.X, rests.X)),
            Heard(sizes.Y, Weight(walk, query + 1, key, scale, scores.Y, logs.Y, rests.Y)),
            Heard(sizes.Z, Weight(walk, query + 2, key, scale, scores.Z, logs.Z, rests.Z)),
            Heard(sizes.W, Weight(walk, query + 3, key, scale, scores.W, logs.W, rests.W)));

    /// <summary>The weight of a query that has a gradient of some size; 0 where that is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Heard<TLane>(TLane size, TLane weight) where TLane : unmanaged, ILane<TLane> =>
        TLane.SelectEqual(size, TLane.Of(0), size, weight);

    /// <summary>P of a query and four keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> WeightsOfKeys<TLane>(
        AttentionWalk walk, int query, int key, TLane scale, Four<TLane> scores, TLane log, TLane rest)
        where TLane : unmanaged, ILane<TLane> =>
        new(Weight(walk, query, key, scale, scores.X, log, rest), Weight(walk, query, key + 1, scale, scores.Y, log, rest),
            Weight(walk, query, key + 2, scale, scores.Z, log, rest), Weight(walk, query, key + 3, scale, scores.W, log, rest));

    /// <summary>dS = P (dP - D) scale; 0 where P is 0, because dP may be of a value that the query does not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> ScoreGradients<TLane>(Four<TLane> p, Four<TLane> dp, Four<TLane> d, TLane scale)
        where TLane : unmanaged, ILane<TLane> =>
        new(ScoreGradient(p.X, dp.X, d.X, scale), ScoreGradient(p.Y, dp.Y, d.Y, scale), ScoreGradient(p.Z, dp.Z, d.Z, scale),
            ScoreGradient(p.W, dp.W, d.W, scale));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane ScoreGradient<TLane>(TLane p, TLane dp, TLane d, TLane scale) where TLane : unmanaged, ILane<TLane> =>
        TLane.SelectEqual(p, TLane.Of(0), p, p * (dp - d) * scale);

    /// <summary>Loads 32 queries into a tile as <see cref="LoadStep"/> does, zeros in place of those that have no gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadQueries<TLane>(
        AttentionWalk walk, ArrayView<Four<TLane>> tile, ArrayView<TLane> q, AttentionPlace place, int head, int first, int firstColumn,
        ArrayView<TLane> sizes, int firstSize)
        where TLane : unmanaged, ILane<TLane>
    {
        for (int i = Group.IdxX; i < StepTile * ColumnPitch; i += GroupThreads)
        {
            int row = first + (i / ColumnPitch);
            TLane size = row < walk.Queries ? sizes[firstSize + row] : TLane.Of(0);
            tile[i] = UnlessZero(
                size, LoadFour(walk, q, place, head, row, walk.Queries, firstColumn + (i % ColumnPitch * 4)), Fours.Of(TLane.Of(0)));
        }
    }

    /// <summary>Writes four columns of four rows, those that there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteRows<TLane>(
        AttentionWalk walk, ArrayView<TLane> to, AttentionPlace place, int item, int row, int rows, int column, Four<TLane> c0,
        Four<TLane> c1, Four<TLane> c2, Four<TLane> c3)
        where TLane : unmanaged, ILane<TLane>
    {
        int at = place.Head(walk, item) + (row * place.Pitch) + column, left = walk.Width - column;
        bool isWide = place.IsWide(walk);
        if (row < rows) Fours.Store(to, at, left, isWide, c0);
        if (row + 1 < rows) Fours.Store(to, at + place.Pitch, left, isWide, c1);
        if (row + 2 < rows) Fours.Store(to, at + (2 * place.Pitch), left, isWide, c2);
        if (row + 3 < rows) Fours.Store(to, at + (3 * place.Pitch), left, isWide, c3);
    }

    /// <summary>Where the gradients of keys and values go, those that are wanted, and where that of the output lies.</summary>
    internal readonly struct KeyGradients(AttentionPlace ofOutput, AttentionRows? k, AttentionRows? v)
    {
        internal readonly AttentionPlace OfOutput = ofOutput, K = k is { } toK ? new(toK) : default, V = v is { } toV ? new(toV) : default;

        internal readonly int HasKeys = k is null ? 0 : 1, HasValues = v is null ? 0 : 1;
    }
}
