namespace Engine.Kernels.Attention.Host;

internal static unsafe class HostAttention
{
    internal readonly record struct Forward(
        AttentionRows Q, AttentionRows K, AttentionRows V, AttentionShape Shape, Storage Output, Storage LogSumExp)
        : IVectorWork
    {
        void IVectorWork.Run<T, TV>(CpuDevice cpu)
        {
            ForwardJob<T, TV> job = new()
            {
                Q = new(Q), K = new(K), V = new(V), O = new(AttentionRows.Part(Output, 0, 1, Shape.Queries, Shape.Channels)),
                LogSumExp = LogSumExp.Pointer<T>(), Shape = Shape, Pool = cpu.Pool,
            };
            cpu.Workers.Run(ref job, Shape.Batch * Shape.Heads * QueryBlock<T, TV>.BlocksOf(Shape));
        }
    }

    internal readonly record struct Backward(
        AttentionRows Q, AttentionRows K, AttentionRows V, AttentionShape Shape, Storage LogSumExp, Storage G,
        AttentionRows? Dq, AttentionRows? Dk, AttentionRows? Dv) : IVectorWork
    {
        void IVectorWork.Run<T, TV>(CpuDevice cpu)
        {
            BackwardJob<T, TV> job = new()
            {
                Q = new(Q), K = new(K), V = new(V), G = new(AttentionRows.Part(G, 0, 1, Shape.Queries, Shape.Channels)),
                Dq = new(Dq), Dk = new(Dk), Dv = new(Dv), LogSumExp = LogSumExp.Pointer<T>(), Shape = Shape, Pool = cpu.Pool,
            };
            cpu.Workers.Run(ref job, Shape.Batch * Shape.Heads);
        }
    }

    /// <summary>A chunk is a block of queries of one head of one sequence.</summary>
    private struct ForwardJob<T, TV> : IJob
        where T : unmanaged, INumber<T>
        where TV : unmanaged, IVectorLane<TV, T>
    {
        internal HostRows<T> Q, K, V, O;
        internal T* LogSumExp;
        internal AttentionShape Shape;
        internal HostMemoryPool Pool;

        public readonly void Run(int chunk)
        {
            int blocks = QueryBlock<T, TV>.BlocksOf(Shape), lanes = QueryBlock<T, TV>.LanesOf(Shape), width = Shape.Width,
                padded = QueryBlock<T, TV>.Padded(width);
            int item = chunk / blocks;
            QueryBlock<T, TV> block = new(Shape, chunk % blocks * lanes);
            long strip = (long)Shape.Keys * lanes, copied = padded == width ? 0 : (long)padded * Shape.Keys;
            long bytes = HostMemoryPool.RoundUp(
                sizeof(T) * ((width * lanes) + strip + copied + (padded == width ? 0 : (long)padded * Shape.Queries)));
            using PoolBlock memory = new(Pool, bytes);
            T* laid = (T*)memory.Address, scores = laid + (width * lanes), rest = scores + strip;
            HeadRows<T> values = QueryBlock<T, TV>.Whole(V.Of(Shape, item), block.Keys, width, rest), output = O.Of(Shape, item);
            HeadRows<T> whole = padded == width ? output : new(rest + copied, padded);
            block.Lay(Q.Of(Shape, item), width, Shape.Scale, laid);
            block.Products(K.Of(Shape, item), width, laid, scores);
            T* logs = LogSumExp + ((nint)item * Shape.Queries);
            block.Softmax(scores, logs, logs + Shape.Rows);
            block.SumOverKeys(scores, values, width, whole);
            if (!block.LastIsFinite(whole, width)) block.SumOverVisibleKeys(scores, values, width, whole);
            QueryBlock<T, TV>.CopyBack(whole.From(block.First), output.From(block.First), block.Count, width);
        }
    }

    /// <summary>
    /// A chunk is one head of one sequence: the blocks of its queries, the last one first, add to the gradients of the same keys.
    /// </summary>
    private struct BackwardJob<T, TV> : IJob
        where T : unmanaged, INumber<T>
        where TV : unmanaged, IVectorLane<TV, T>
    {
        internal HostRows<T> Q, K, V, G, Dq, Dk, Dv;
        internal T* LogSumExp;
        internal AttentionShape Shape;
        internal HostMemoryPool Pool;

        public readonly void Run(int item)
        {
            int lanes = QueryBlock<T, TV>.LanesOf(Shape), width = Shape.Width, padded = QueryBlock<T, TV>.Padded(width);
            long strip = (long)Shape.Keys * lanes, laid = width * lanes,
                rows = padded == width ? 0 : (long)padded * Math.Max(Shape.Keys, Shape.Queries);
            long bytes = HostMemoryPool.RoundUp(sizeof(T) * ((2 * laid) + (2 * strip) + (6 * rows)));
            using PoolBlock memory = new(Pool, bytes);
            T* queries = (T*)memory.Address, gradients = queries + laid, weights = gradients + laid, products = weights + strip,
                rest = products + strip;
            HeadRows<T> q = Q.Of(Shape, item), k = K.Of(Shape, item), v = V.Of(Shape, item), g = G.Of(Shape, item);
            HeadRows<T> wholeQ = QueryBlock<T, TV>.Whole(q, Shape.Queries, width, rest),
                wholeG = QueryBlock<T, TV>.Whole(g, Shape.Queries, width, rest + rows);
            HeadRows<T> wholeK = QueryBlock<T, TV>.Whole(k, Shape.Keys, width, rest + (2 * rows));
            HeadRows<T> dq = Dq.Of(Shape, item), dk = Dk.Of(Shape, item), dv = Dv.Of(Shape, item);
            HeadRows<T> wholeDq = padded == width ? dq : new(rest + (3 * rows), padded);
            HeadRows<T> wholeDk = padded == width ? dk : new(rest + (4 * rows), padded),
                wholeDv = padded == width ? dv : new(rest + (5 * rows), padded);
            bool isFirst = true;
            for (int i = QueryBlock<T, TV>.BlocksOf(Shape) - 1; i >= 0; i--, isFirst = false)
            {
                QueryBlock<T, TV> block = new(Shape, i * lanes);
                block.Lay(q, width, Shape.Scale, queries);
                block.Lay(g, width, 1, gradients);
                block.Products(k, width, queries, weights);
                block.Products(v, width, gradients, products);
                T* logs = LogSumExp + ((nint)item * Shape.Queries);
                bool isFinite = block.Gradients(
                    weights, products, logs, logs + Shape.Rows, Shape.Scale, gradients, width, out uint without);
                if (isFinite)
                {
                    if (dv.IsThere) block.SumOverQueries(weights, wholeG, width, wholeDv, !isFirst);
                    if (dk.IsThere) block.SumOverQueries(products, wholeQ, width, wholeDk, !isFirst);
                }
                else
                {
                    if (dv.IsThere) block.SumOverAttendingQueries(weights, wholeG, width, wholeDv, !isFirst, without);
                    if (dk.IsThere) block.SumOverAttendingQueries(products, wholeQ, width, wholeDk, !isFirst, without);
                }

                if (!dq.IsThere) continue;
                block.SumOverKeys(products, wholeK, width, wholeDq);
                if (!isFinite || !block.LastIsFinite(wholeDq, width)) block.SumOverVisibleKeys(products, wholeK, width, wholeDq, without);
            }

            if (isFirst)
            {
                // No query attends: nothing was computed that could be stored.
                Clear(dk, Shape.Keys, width);
                Clear(dv, Shape.Keys, width);
                return;
            }

            if (dq.IsThere) QueryBlock<T, TV>.CopyBack(wholeDq, dq, Shape.Queries, width);
            if (dk.IsThere) QueryBlock<T, TV>.CopyBack(wholeDk, dk, Shape.Keys, width);
            if (dv.IsThere) QueryBlock<T, TV>.CopyBack(wholeDv, dv, Shape.Keys, width);
        }

        private static void Clear(HeadRows<T> rows, int count, int width)
        {
            for (int row = 0; rows.IsThere && row < count; row++) new Span<T>(rows.First + (row * rows.Pitch), width).Clear();
        }
    }
}
