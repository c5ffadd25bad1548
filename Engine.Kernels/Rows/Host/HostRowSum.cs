using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Rows.Host;

/// <summary>Sums of elementwise terms over rows, on the host.</summary>
internal static unsafe class HostRowSum
{
    private const int ChunkElements = 8192;

    private static int PieceLength<T>() where T : unmanaged => RowSum.ProductElements * PartialSums.Count<T>();

    internal readonly record struct Pass<TTerm>(
        TTerm Op, RowPlan Plan, Storage X, Storage Y, Storage Z, Storage W, Storage Sums) : IVectorWork
        where TTerm : unmanaged, IRowTerm
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            // Long rows are cut into pieces at places that depend on the shape alone; pieces are brought together in double.
            int pieceLength = PieceLength<T>(), rows = Plan.Rows, pieces = (Plan.Columns + pieceLength - 1) / pieceLength;
            Storage? parts = pieces > 1 ? cpu.Allocate(DType.Float64, rows * pieces) : null;
            try
            {
                RowSumJob<T, V, TTerm> job = new()
                {
                    Op = Op, Plan = Plan, Pieces = Math.Max(1, pieces), X = X.Pointer<T>(), Y = Y.Pointer<T>(), Z = Z.Pointer<T>(),
                    W = W.Pointer<T>(), XEnd = X.Pointer<T>() + X.Length, YEnd = Y.Pointer<T>() + Y.Length,
                    ZEnd = Z.Pointer<T>() + Z.Length, WEnd = W.Pointer<T>() + W.Length, Parts = parts.PointerOrNull<double>(),
                    Sums = Sums.Pointer<T>(), TasksInChunk = Math.Max(1, ChunkElements / Math.Max(1, Math.Min(Plan.Columns, pieceLength))),
                };
                cpu.Workers.Run(ref job, (int)((((long)rows * job.Pieces) + job.TasksInChunk - 1) / job.TasksInChunk));
                for (int row = 0; parts is not null && row < rows; row++)
                {
                    double sum = 0;
                    for (int piece = 0; piece < pieces; piece++) sum += job.Parts[((long)row * pieces) + piece];
                    job.Sums[row] = T.CreateTruncating(sum);
                }
            }
            finally
            {
                parts?.Release();
            }
        }
    }

    /// <summary>A task is one row, or a piece of a long one.</summary>
    private struct RowSumJob<T, V, TTerm> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TTerm : unmanaged, IRowTerm
    {
        internal TTerm Op;
        internal RowPlan Plan;
        internal int Pieces, TasksInChunk;
        internal T* X, Y, Z, W, XEnd, YEnd, ZEnd, WEnd, Sums;
        internal double* Parts;

        public readonly void Run(int chunk)
        {
            int start = chunk * TasksInChunk;
            int end = start + Math.Min(TasksInChunk, (Plan.Rows * Pieces) - start);
            T* filled = stackalloc T[5 * 16];
            T* counts = filled + 64;
            for (int i = 0; i < V.Count; i++) counts[i] = T.CreateTruncating(i);
            for (int task = start; task < end; task++)
            {
                int row = Pieces == 1 ? task : task / Pieces;
                int first = Pieces == 1 ? 0 : task % Pieces * PieceLength<T>();
                int count = Pieces == 1 ? Plan.Columns : Math.Min(PieceLength<T>(), Plan.Columns - first);
                T* x = Argument(0, X, row, first, filled, out int xStep);
                T* y = TTerm.Arity > 1 ? Argument(1, Y, row, first, filled + 16, out int yStep) : Unused(out yStep);
                T* z = TTerm.Arity > 2 ? Argument(2, Z, row, first, filled + 32, out int zStep) : Unused(out zStep);
                T* w = TTerm.Arity > 3 ? Argument(3, W, row, first, filled + 48, out int wStep) : Unused(out wStep);
                double sum = Piece(x, xStep, y, yStep, z, zStep, w, wStep, count, counts);
                if (Parts == null) Sums[row] = T.CreateTruncating(sum);
                else Parts[task] = sum;
            }
        }

        /// <summary>Sums and products side by side, so that none waits for itself.</summary>
        [SkipLocalsInit]
        private readonly double Piece(T* x, int xStep, T* y, int yStep, T* z, int zStep, T* w, int wStep, int count, T* counts)
        {
            int lanes = PartialSums.Count<T>();
            V one = V.Of(1), zero = V.Of(0);
            (V sumA, V sumB, V sumC, V sumD, V productA, V productB, V productC, V productD) =
                (zero, zero, zero, zero, zero, zero, zero, zero);
            int i = 0;
            for (; i <= count - (2 * lanes); i += 2 * lanes)
            {
                Add(x, y, z, w, one, ref sumA, ref productA);
                Add(x + xStep, y + yStep, z + zStep, w + wStep, one, ref sumB, ref productB);
                if (PartialSums.IsHalf<V>())
                {
                    Add(x + (2 * xStep), y + (2 * yStep), z + (2 * zStep), w + (2 * wStep), one, ref sumC, ref productC);
                    Add(x + (3 * xStep), y + (3 * yStep), z + (3 * zStep), w + (3 * wStep), one, ref sumD, ref productD);
                }

                int vectors = 2 * lanes / V.Count;
                x += vectors * xStep;
                y += vectors * yStep;
                z += vectors * zStep;
                w += vectors * wStep;
            }

            T* parts = stackalloc T[3 * lanes];
            T* products = parts + lanes;
            PartialSums.Store(sumA, sumB, sumC, sumD, parts);
            V.Store(productA, products);
            V.Store(PartialSums.IsHalf<V>() ? productB : zero, products + V.Count);
            if (PartialSums.IsHalf<V>()) V.Store(productC, products + lanes);
            V.Store(PartialSums.IsHalf<V>() ? productD : productB, products + (2 * lanes) - V.Count);

            return End(x, xStep, y, yStep, z, zStep, w, wStep, i, count, counts, parts);
        }

        /// <summary>
        /// The end goes through the same code, and lanes past it count for nothing; then all is brought together. It is a method of its own
        /// because the compiler inlines only so much into one.
        /// </summary>
        private readonly double End(
            T* x, int xStep, T* y, int yStep, T* z, int zStep, T* w, int wStep, int i, int count, T* counts, T* parts)
        {
            int lanes = PartialSums.Count<T>();
            T* products = parts + lanes;
            V one = V.Of(1), zero = V.Of(0), counted = V.Load(counts);
            for (; i < count; i += V.Count)
            {
                int left = count - i, at = i & (lanes - 1);
                V a = First(x, xStep, XEnd, left), b = TTerm.Arity > 1 ? First(y, yStep, YEnd, left) : default;
                V c = TTerm.Arity > 2 ? First(z, zStep, ZEnd, left) : default, d = TTerm.Arity > 3 ? First(w, wStep, WEnd, left) : default;
                V places = V.Fill(T.CreateTruncating(left));
                V.Store(V.Load(parts + at) + V.SelectLess(counted, places, Op.Term(a, b, c, d), zero), parts + at);
                if (TTerm.LogSign != 0)
                    V.Store(Grown(V.Load(products + at), V.SelectLess(counted, places, Op.Growth(a, b, c, d), zero), one), products + at);
                x += xStep;
                y += yStep;
                z += zStep;
                w += wStep;
            }

            for (i = 0; i < lanes && TTerm.LogSign != 0; i += V.Count) V.Store(
                V.MulAdd(V.Of(TTerm.LogSign), LaneMath.Log1p(Grown(V.Load(products + i), V.Load(products + lanes + i), one)),
                    V.Load(parts + i)), parts + i);
            return PartialSums.Sum(parts);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Add(T* x, T* y, T* z, T* w, V one, ref V sum, ref V product)
        {
            TTerm op = Op;
            V a = V.Load(x), b = Load(y, 1), c = Load(z, 2), d = Load(w, 3);
            sum += op.Term(a, b, c, d);
            if (TTerm.LogSign != 0) product = Grown(product, op.Growth(a, b, c, d), one);
        }

        /// <summary>(1 + p) (1 + f) - 1 = p (1 + f) + f: the product less one, so that nothing is lost while it is small.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V Grown(V product, V growth, V one) => V.MulAdd(product, one + growth, growth);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V Load(T* source, int argument) => argument < TTerm.Arity ? V.Load(source) : default;

        /// <summary>A whole vector wherever the array is long enough.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V First(T* source, int step, T* end, int left) =>
            step == 0 || source + V.Count <= end ? V.Load(source) : PartialVector.Load(source, left, V.Of(0));

        private static T* Unused(out int step)
        {
            step = 0;
            return null;
        }

        private readonly T* Argument(int index, T* data, int row, int first, T* filled, out int step)
        {
            data += Plan.Offset(index, row);
            bool moves = Plan.Widths[index] == Plan.Columns;
            step = moves ? V.Count : 0;
            if (moves) return data + first;
            V.Store(V.Fill(*data), filled);
            return filled;
        }
    }
}
