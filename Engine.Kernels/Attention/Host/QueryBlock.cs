using Engine.Kernels.Movement.Host;

namespace Engine.Kernels.Attention.Host;

/// <summary>
/// A block of queries of one head, each in a lane of one or two vectors. Its scores are a strip of memory with a row for each key, so that
/// keys and values are read where they are, and maxima and sums over the keys need no step across lanes. Lanes without a query hold zeros.
/// </summary>
/// <param name="shape">The extents.</param>
/// <param name="first">The first query.</param>
internal readonly unsafe struct QueryBlock<T, V>(in AttentionShape shape, int first)
    where T : unmanaged, INumber<T>
    where V : unmanaged, IVectorLane<V, T>
{
    private readonly int _lanes = LanesOf(shape);
    private readonly int _before = shape.Visible(first) - 1;
    private readonly bool _isCausal = shape.IsCausal;

    internal readonly int First = first;

    /// <summary>The queries of the block.</summary>
    internal readonly int Count = Math.Min(LanesOf(shape), shape.Queries - first);

    /// <summary>The keys that any query of the block attends to, from the first on.</summary>
    internal readonly int Keys = shape.Visible(Math.Min(first + LanesOf(shape), shape.Queries) - 1);

    /// <summary>
    /// The queries that a block has room for: the elements of one vector of 512 bits or of two, whatever vectors the processor has, because
    /// the gradients of keys and values are added up block by block.
    /// </summary>
    internal static int LanesOf(in AttentionShape shape)
    {
        int vector = 64 / sizeof(T);
        return shape.Queries <= vector ? vector : 2 * vector;
    }

    internal static int BlocksOf(in AttentionShape shape) => (shape.Queries + LanesOf(shape) - 1) / LanesOf(shape);

    /// <summary>The width of a row in whole vectors.</summary>
    internal static int Padded(int width) => (width + V.Count - 1) / V.Count * V.Count;

    /// <summary>Rows that are whole vectors: themselves, or a copy filled up with zeros.</summary>
    internal static HeadRows<T> Whole(HeadRows<T> rows, int count, int width, T* copy)
    {
        int padded = Padded(width);
        if (padded == width) return rows;
        for (int row = 0; row < count; row++)
        {
            Span<T> line = new(copy + ((nint)row * padded), padded);
            new ReadOnlySpan<T>(rows.First + (row * rows.Pitch), width).CopyTo(line);
            line[width..].Clear();
        }

        return new(copy, padded);
    }

    /// <summary>Writes back what was computed in rows of whole vectors.</summary>
    internal static void CopyBack(HeadRows<T> whole, HeadRows<T> rows, int count, int width)
    {
        if (whole.First == rows.First) return;
        for (int row = 0; row < count; row++)
            new ReadOnlySpan<T>(whole.First + (row * whole.Pitch), width).CopyTo(new Span<T>(rows.First + (row * rows.Pitch), width));
    }

    /// <summary>Lays rows of the block's queries into lanes, [width, lanes], times a factor.</summary>
    internal void Lay(HeadRows<T> rows, int width, double factor, T* to)
    {
        if (Count < _lanes) new Span<T>(to, width * _lanes).Clear();
        TransposeTile.Run(rows.First + (First * rows.Pitch), rows.Pitch, to, _lanes, width, Count);
        if (factor == 1) return;
        V scale = V.Of(factor);
        for (nint i = 0; i < width * _lanes; i += V.Count) V.Store(V.Load(to + i) * scale, to + i);
    }

    /// <summary>strip[key, query] = sum over d of rows[key, d] laid[d, query], for all keys of the block.</summary>
    internal void Products(HeadRows<T> rows, int width, T* laid, T* strip)
    {
        for (int key = 0; key < Keys; key += BroadcastProduct<T, V>.MaxRows)
        {
            int count = Math.Min(BroadcastProduct<T, V>.MaxRows, Keys - key);
            BroadcastProduct<T, V>.Rows(
                count, _lanes / V.Count, width, rows.First + (key * rows.Pitch), rows.Pitch, 1, laid, _lanes, strip + ((nint)key * _lanes),
                _lanes, false);
        }
    }

    /// <summary>
    /// Whether what was summed over the keys for the last query of the block, which attends to all of them, is finite: no key that is
    /// hidden from another one is infinite or NaN then, and tiles of the sums may give hidden keys a weight of 0.
    /// </summary>
    internal bool LastIsFinite(HeadRows<T> c, int width) => !_isCausal || IsFinite(c.First + ((First + Count - 1) * c.Pitch), width);

    /// <summary>The queries, as bits, whose rows of a laid array are zeros all along.</summary>
    internal uint Zeros(T* laid, int width)
    {
        uint zeros = 0;
        for (int query = 0; query < Count; query++)
        {
            bool isZero = true;
            for (int i = 0; i < width; i++) isZero &= T.IsZero(laid[(i * _lanes) + query]);
            if (isZero) zeros |= 1u << query;
        }

        return zeros;
    }

    private static bool IsFinite(T* x, int count)
    {
        // x 0 is 0 for finite x and NaN for others.
        V sum = V.Of(0), zero = sum;
        for (int i = 0; i < count; i += V.Count) sum = V.MulAdd(PartialVector.LoadUpTo<V, T>(x + i, count - i, zero), zero, sum);
        return VectorTests.AreEqual<V, T>(sum, zero);
    }

    /// <summary>
    /// As <see cref="SumOverKeys"/>, for each query over the very keys that it attends to; 0 for those that are named as bits.
    /// </summary>
    internal void SumOverVisibleKeys(T* strip, HeadRows<T> x, int width, HeadRows<T> c, uint without = 0)
    {
        for (int query = 0; query < Count; query++)
        {
            int keys = (without >> query & 1) != 0 ? 0 : _isCausal ? Math.Min(Keys, _before + query + 1) : Keys;
            BroadcastProduct<T, V>.Rows(
                1, Padded(width) / V.Count, keys, strip + query, 1, _lanes, x.First, x.Pitch, c.First + ((First + query) * c.Pitch),
                c.Pitch, false);
        }
    }

    /// <summary>
    /// As <see cref="SumOverQueries"/>, for each key over the very queries that attend to it, but for those that are named as bits.
    /// </summary>
    internal void SumOverAttendingQueries(T* strip, HeadRows<T> x, int width, HeadRows<T> c, bool accumulate, uint without)
    {
        for (int key = 0; key < Keys; key++)
        {
            T* weights = strip + ((nint)key * _lanes), row = c.First + (key * c.Pitch);
            if (!accumulate) new Span<T>(row, Padded(width)).Clear();
            for (int query = _isCausal ? Math.Clamp(key - _before, 0, Count) : 0; query < Count; query++)
            {
                if ((without >> query & 1) != 0) continue;
                BroadcastProduct<T, V>.Rows(
                    1, Padded(width) / V.Count, 1, weights + query, _lanes, 1, x.First + ((First + query) * x.Pitch), x.Pitch, row, c.Pitch,
                    true);
            }
        }
    }

    /// <summary>c[query, :] = sum over keys of strip[key, query] x[key, :].</summary>
    internal void SumOverKeys(T* strip, HeadRows<T> x, int width, HeadRows<T> c)
    {
        for (int query = 0; query < Count; query += BroadcastProduct<T, V>.MaxRows)
        {
            int count = Math.Min(BroadcastProduct<T, V>.MaxRows, Count - query);
            int keys = _isCausal ? Math.Min(Keys, _before + query + count) : Keys;
            BroadcastProduct<T, V>.Rows(
                count, Padded(width) / V.Count, keys, strip + query, 1, _lanes, x.First, x.Pitch, c.First + ((First + query) * c.Pitch),
                c.Pitch, false);
        }
    }

    /// <summary>c[key, :] = (or +=) sum over queries of strip[key, query] x[query, :].</summary>
    internal void SumOverQueries(T* strip, HeadRows<T> x, int width, HeadRows<T> c, bool accumulate)
    {
        for (int key = 0; key < Keys; key += BroadcastProduct<T, V>.MaxRows)
        {
            // Queries before the first of these keys do not attend to any of them.
            int count = Math.Min(BroadcastProduct<T, V>.MaxRows, Keys - key);
            int start = _isCausal ? Math.Clamp(key - _before, 0, Count) : 0;
            BroadcastProduct<T, V>.Rows(
                count, Padded(width) / V.Count, Count - start, strip + ((nint)key * _lanes) + start, _lanes, 1,
                x.First + ((First + start) * x.Pitch), x.Pitch, c.First + (key * c.Pitch), c.Pitch, accumulate);
        }
    }

    /// <summary>
    /// Scores become weights e^(s - max) / sum(e^(s - max)); log-sum-exp goes to where it is kept, and what it lacks by rounding to
    /// where that is.
    /// </summary>
    internal void Softmax(T* strip, T* logSumExp, T* remainders)
    {
        T* kept = stackalloc T[2 * V.Count];
        for (int lane = 0; lane < _lanes; lane += V.Count)
        {
            Mask(strip, lane, V.Of(double.NegativeInfinity));
            V a = V.Load(strip + lane), b = a;
            int key = 1;
            for (; key < Keys - 1; key += 2)
            {
                a = V.Max(a, V.Load(Row(strip, key) + lane));
                b = V.Max(b, V.Load(Row(strip, key + 1) + lane));
            }

            if (key < Keys) a = V.Max(a, V.Load(Row(strip, key) + lane));
            V maximum = V.Max(a, b);
            a = V.Of(0);
            b = a;
            for (key = 0; key < Keys - 1; key += 2)
            {
                V e = LaneMath.Exp(V.Load(Row(strip, key) + lane) - maximum),
                    f = LaneMath.Exp(V.Load(Row(strip, key + 1) + lane) - maximum);
                V.Store(e, Row(strip, key) + lane);
                V.Store(f, Row(strip, key + 1) + lane);
                a += e;
                b += f;
            }

            if (key < Keys)
            {
                V e = LaneMath.Exp(V.Load(Row(strip, key) + lane) - maximum);
                V.Store(e, Row(strip, key) + lane);
                a += e;
            }

            V sum = a + b, reciprocal = V.Of(1) / sum;
            for (key = 0; key < Keys; key++) V.Store(V.Load(Row(strip, key) + lane) * reciprocal, Row(strip, key) + lane);
            V log = LaneMath.Log(sum), total = maximum + log;
            V.Store(total, kept);
            V.Store(ScaledDotProductAttention.Remainder(maximum, log, total), kept + V.Count);
            for (int i = 0; i < V.Count && lane + i < Count; i++)
                (logSumExp[First + lane + i], remainders[First + lane + i]) = (kept[i], kept[V.Count + i]);
        }
    }

    /// <summary>
    /// Scores become weights e^(s - logSumExp), and from the strip of dP those of dS = P (dP - rowsum(P dP)) scale, in its place.
    /// </summary>
    /// <param name="weights">The strip of scores.</param>
    /// <param name="products">The strip of dP.</param>
    /// <param name="logSumExp">The log-sum-exps of the head's queries.</param>
    /// <param name="remainders">What these lack by rounding.</param>
    /// <param name="scale">What scores were multiplied by.</param>
    /// <param name="gradients">The gradients of the output, laid into lanes.</param>
    /// <param name="width">The width of a row of these.</param>
    /// <param name="without">Receives queries, as bits, that add nothing, because their gradient is 0; asked for only where something is
    /// infinite or NaN.</param>
    /// <returns>Whether all is finite: where it is not, hidden keys and such queries have to be left out of sums.</returns>
    internal bool Gradients(
        T* weights, T* products, T* logSumExp, T* remainders, double scale, T* gradients, int width, out uint without)
    {
        T* kept = stackalloc T[2 * V.Count];
        V factor = V.Of(scale), zero = V.Of(0);
        bool isFinite = true;
        without = 0;
        for (int lane = 0; lane < _lanes; lane += V.Count)
        {
            for (int i = 0; i < V.Count; i++) (kept[i], kept[V.Count + i]) =
                lane + i < Count ? (logSumExp[First + lane + i], remainders[First + lane + i]) : (T.Zero, T.Zero);
            Mask(weights, lane, V.Of(double.NegativeInfinity));
            V log = V.Load(kept), rest = V.Load(kept + V.Count), a = V.Of(0), b = a;
            int key = 0;
            for (; key < Keys - 1; key += 2)
            {
                V p = LaneMath.Exp(V.Load(Row(weights, key) + lane) - log - rest),
                    q = LaneMath.Exp(V.Load(Row(weights, key + 1) + lane) - log - rest);
                V.Store(p, Row(weights, key) + lane);
                V.Store(q, Row(weights, key + 1) + lane);
                a = V.MulAdd(p, V.Load(Row(products, key) + lane), a);
                b = V.MulAdd(q, V.Load(Row(products, key + 1) + lane), b);
            }

            if (key < Keys)
            {
                V p = LaneMath.Exp(V.Load(Row(weights, key) + lane) - log - rest);
                V.Store(p, Row(weights, key) + lane);
                a = V.MulAdd(p, V.Load(Row(products, key) + lane), a);
            }

            // NaN in a query, a key, a value or a gradient is in one of these two; an infinity makes one of it.
            V sum = a + b, check = V.MulAdd(log, zero, sum * zero);
            bool isSpecial = !VectorTests.AreEqual<V, T>(check, zero);
            if (isSpecial)
            {
                isFinite = false;
                without = Zeros(gradients, width);
                Hide(weights, lane, without);
                Hide(products, lane, without);
                a = V.Of(0);
                b = a;
                for (key = 0; key < Keys - 1; key += 2)
                {
                    a = V.MulAdd(V.Load(Row(weights, key) + lane), V.Load(Row(products, key) + lane), a);
                    b = V.MulAdd(V.Load(Row(weights, key + 1) + lane), V.Load(Row(products, key + 1) + lane), b);
                }

                if (key < Keys) a = V.MulAdd(V.Load(Row(weights, key) + lane), V.Load(Row(products, key) + lane), a);
                sum = a + b;
            }

            for (key = 0; key < Keys; key++)
                V.Store(V.Load(Row(weights, key) + lane) * (V.Load(Row(products, key) + lane) - sum) * factor, Row(products, key) + lane);
            if (isSpecial) Hide(products, lane, without);
        }

        return isFinite;
    }

    /// <summary>Sets keys after a query, and the lanes of some queries, named as bits, to 0.</summary>
    private void Hide(T* strip, int lane, uint queries)
    {
        Mask(strip, lane, V.Of(0));
        T* kept = stackalloc T[V.Count];
        for (int i = 0; i < V.Count; i++) kept[i] = (queries >> (lane + i) & 1) == 0 ? T.One : T.Zero;
        V isKept = V.Load(kept), zero = V.Of(0);
        for (int key = 0; key < Keys; key++)
            V.Store(V.SelectEqual(isKept, zero, zero, V.Load(Row(strip, key) + lane)), Row(strip, key) + lane);
    }

    /// <summary>Sets keys after a query to a value in its lane, whatever was there.</summary>
    private void Mask(T* strip, int lane, V value)
    {
        if (!_isCausal) return;
        T* lanes = stackalloc T[V.Count];
        for (int i = 0; i < V.Count; i++) lanes[i] = T.CreateTruncating(lane + i);
        V queries = V.Load(lanes);
        for (int key = Math.Max(0, _before + 1 + lane); key < Keys; key++)
        {
            T* row = Row(strip, key) + lane;
            V.Store(V.SelectLess(queries, V.Of(key - _before), value, V.Load(row)), row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* Row(T* strip, int key) => strip + ((nint)key * _lanes);
}

/// <summary>The rows of one head of one sequence in host memory.</summary>
internal readonly unsafe struct HeadRows<T>(T* first, nint pitch) where T : unmanaged
{
    internal readonly T* First = first;
    internal readonly nint Pitch = pitch;

    internal bool IsThere => First != null;

    /// <summary>The rows from one on.</summary>
    internal HeadRows<T> From(int row) => new(First + (row * Pitch), Pitch);
}

/// <summary><see cref="AttentionRows"/> in host memory.</summary>
internal readonly unsafe struct HostRows<T> where T : unmanaged
{
    private readonly T* _first;
    private readonly nint _pitch, _batchPitch;

    internal HostRows(AttentionRows? rows)
    {
        if (rows is not { } there) return;
        _first = there.Storage.Pointer<T>() + there.Start;
        (_pitch, _batchPitch) = (there.Pitch, there.BatchPitch);
    }

    /// <summary>The rows of head item % heads of sequence item / heads; none where there is no memory.</summary>
    internal HeadRows<T> Of(in AttentionShape shape, int item)
    {
        if (_first == null) return default;
        return new(_first + (item / shape.Heads * _batchPitch) + (item % shape.Heads * shape.Width), _pitch);
    }
}
