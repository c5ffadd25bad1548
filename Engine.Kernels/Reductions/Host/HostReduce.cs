namespace Engine.Kernels.Reductions.Host;

/// <summary>Reductions on the host: rows, columns and many short rows each have a loop of their own.</summary>
internal static unsafe class HostReduce
{
    /// <summary>
    /// sum[i] = the sum over <paramref name="pieces"/> rows, <paramref name="stride"/> apart, of their element i; added up in double.
    /// </summary>
    internal static void SumParts<T>(T* partial, int pieces, int stride, int count, T* sum) where T : unmanaged, INumber<T>
    {
        const int Columns = 64;
        double* totals = stackalloc double[Columns];
        for (int start = 0; start < count; start += Columns)
        {
            int width = Math.Min(Columns, count - start);
            new Span<double>(totals, width).Clear();
            for (int piece = 0; piece < pieces; piece++)
            {
                T* row = partial + ((nint)piece * stride) + start;
                for (int i = 0; i < width; i++) totals[i] += double.CreateTruncating(row[i]);
            }

            for (int i = 0; i < width; i++) sum[start + i] = T.CreateTruncating(totals[i]);
        }
    }

    /// <summary>One pass over x.</summary>
    internal readonly record struct Pass<TOp>(TOp Op, ReducePlan Plan, Storage X, Storage? Center, Storage Y) : IVectorWork
        where TOp : struct, IReduction
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            int parts = Plan.InnerReduced ? RowReduction<T, V, TOp>.Parts(Plan) : ColumnReduction<T, V, TOp>.Parts(Plan);
            if (parts <= 1)
            {
                Launch<T, V, TOp>(cpu, Op, Plan, X, Center, Y, 1);
                return;
            }

            using Scratch scratch = new(cpu, X.DType, Plan.Outputs * parts);
            Launch<T, V, TOp>(cpu, Op, Plan, X, Center, scratch, parts);
            ReducePlan last = Plan.InnerReduced
                ? new(Plan.Outputs, parts, 1, innerReduced: true)
                : new(Plan.Kept.Count, parts, Plan.Inner, innerReduced: false);
            Launch<T, V, PartsReduction<TOp>>(cpu, new(Op), last, scratch, Center, Y, 1);
        }
    }

    private static void Launch<T, V, TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y, int parts)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IReduction
    {
        T* centers = center.PointerOrNull<T>();
        if (NarrowRowReduction<T, V, TOp>.Fits(plan))
        {
            NarrowRowReduction<T, V, TOp> narrow = new(op, plan, x.Pointer<T>(), centers, y.Pointer<T>());
            cpu.Workers.Run(ref narrow, narrow.Chunks);
        }
        else if (plan.InnerReduced)
        {
            RowReduction<T, V, TOp> rows = new(op, plan, x.Pointer<T>(), centers, y.Pointer<T>(), parts);
            cpu.Workers.Run(ref rows, rows.Chunks);
        }
        else
        {
            ColumnReduction<T, V, TOp> columns = new(op, plan, x.Pointer<T>(), x.Length, centers, y.Pointer<T>(), parts);
            cpu.Workers.Run(ref columns, columns.Chunks);
        }
    }

    /// <summary>The positions of the first of the largest elements along the middle axis of x, [outer, extent, inner].</summary>
    internal readonly record struct ArgMax(Storage X, int Outer, int Extent, int Inner, Storage Y) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            ArgMaxJob<T, V> job = new()
            {
                X = X.Pointer<T>(), Y = Y.Pointer<int>(), Extent = Extent, Inner = Inner,
            };
            cpu.Workers.RunRows(job, Outer * Inner, Math.Max(1, 16384 / Extent));
        }
    }

    private struct ArgMaxJob<T, V> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* X;
        internal int* Y;
        internal int Extent, Inner;

        public readonly void Row(int output)
        {
            (int outer, int inner) = Math.DivRem(output, Inner);
            T* first = X + ((nint)outer * Extent * Inner) + inner;
            Y[output] = Inner == 1 ? Contiguous(first) : Strided(first);
        }

        // First the value of the maximum, with vectors; then the place where it is: Equals takes NaN for equal to NaN.
        private readonly int Contiguous(T* x)
        {
            double maximum = RowReduction<T, V, MaxReduction>.Contiguous(default, x, Extent, V.Of(0));
            return new ReadOnlySpan<T>(x, Extent).IndexOf(T.CreateTruncating(maximum));
        }

        private readonly int Strided(T* x)
        {
            int best = 0;
            T maximum = *x;
            for (int i = 1; i < Extent && !T.IsNaN(maximum); i++)
            {
                T candidate = x[(nint)i * Inner];
                if (!(candidate > maximum) && !T.IsNaN(candidate)) continue;
                (best, maximum) = (i, candidate);
            }

            return best;
        }
    }
}
