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

        [SkipLocalsInit]
        private readonly double Piece(T* x, int xStep, T* y, int yStep, T* z, int zStep, T* w, int wStep, int count, T* counts)
        {
            // Narrower vectors take the parts of what 512 bits hold one after the other: so the partial sums are the same.
            int lanes = PartialSums.Count<T>();
            T* parts = stackalloc T[lanes];
            for (int half = 0; half < lanes; half += V.Count) V.Store(
                Half(At(x, xStep, half), xStep, At(y, yStep, half), yStep, At(z, zStep, half), zStep, At(w, wStep, half), wStep,
                    count / (2 * lanes) * 2, count - half, counts), parts + half);
            return PartialSums.Sum(parts);
        }

        /// <summary>Two sums and two products, which change places after each vector, so that none waits for itself.</summary>
        private readonly V Half(
            T* x, nint xStep, T* y, nint yStep, T* z, nint zStep, T* w, nint wStep, int whole, int left, T* counts)
        {
            TTerm op = Op;
            V one = V.Of(1), sumA = V.Of(0);
            (V sumB, V productA, V productB) = (sumA, sumA, sumA);
            left -= whole * PartialSums.Count<T>();
            for (; whole > 0; whole--)
            {
                V a = V.Load(x), b = Load(y, 1), c = Load(z, 2), d = Load(w, 3);
                (sumA, sumB) = (sumB, sumA + op.Term(a, b, c, d));
                if (TTerm.LogSign != 0) (productA, productB) = (productB, Grown(productA, op.Growth(a, b, c, d), one));
                x += xStep;
                if (TTerm.Arity > 1) y += yStep;
                if (TTerm.Arity > 2) z += zStep;
                if (TTerm.Arity > 3) w += wStep;
            }

            // The end, at most a whole vector and a part of one, goes through the same code, and lanes past it count for nothing.
            sumA += sumB;
            V counted = V.Load(counts), zero = V.Of(0);
            for (; left > 0; left -= PartialSums.Count<T>())
            {
                V a = First(x, xStep, XEnd, left), b = TTerm.Arity > 1 ? First(y, yStep, YEnd, left) : default;
                V c = TTerm.Arity > 2 ? First(z, zStep, ZEnd, left) : default, d = TTerm.Arity > 3 ? First(w, wStep, WEnd, left) : default;
                V places = V.Fill(T.CreateTruncating(left));
                sumA += V.SelectLess(counted, places, op.Term(a, b, c, d), zero);
                if (TTerm.LogSign != 0) productA = Grown(productA, V.SelectLess(counted, places, op.Growth(a, b, c, d), zero), one);
                x += xStep;
                if (TTerm.Arity > 1) y += yStep;
                if (TTerm.Arity > 2) z += zStep;
                if (TTerm.Arity > 3) w += wStep;
            }

            return TTerm.LogSign == 0 ? sumA
                : V.MulAdd(V.Of(TTerm.LogSign), LaneMath.Log1p(Grown(productA, productB, one)), sumA);
        }

        // Where an argument does not move along the row, all its vectors are the same one.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T* At(T* source, int step, int half) => step == 0 ? source : source + half;

        /// <summary>(1 + p) (1 + f) - 1 = p (1 + f) + f: the product less one, so that nothing is lost while it is small.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V Grown(V product, V growth, V one) => V.MulAdd(product, one + growth, growth);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V Load(T* source, int argument) => argument < TTerm.Arity ? V.Load(source) : default;

        /// <summary>A whole vector wherever the array is long enough.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V First(T* source, nint step, T* end, int left) =>
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
            step = moves ? PartialSums.Count<T>() : 0;
            if (moves) return data + first;
            V.Store(V.Fill(*data), filled);
            return filled;
        }
    }
}
