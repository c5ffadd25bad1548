namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// Outputs of a reduction for which its ordinary arithmetic was not enough are computed once more in double, float64 ones in small values.
/// </summary>
internal static unsafe class ExtremeOutputs
{
    /// <summary>Computes means again whose sums have overflowed.</summary>
    internal static void CorrectMeans(CpuDevice cpu, in ReducePlan plan, Storage x, Storage mean) =>
        LaneDispatch.OnHost(cpu, x.DType, new Work(plan, x, mean, null));

    /// <summary>
    /// Computes means again whose sums have overflowed, then variances that have, and those beside which a mean is so large that its
    /// rounding counts: more than a hundred deviations in float32, a million in float64.
    /// </summary>
    internal static void CorrectMoments(CpuDevice cpu, in ReducePlan plan, Storage x, Storage mean, Storage variance) =>
        LaneDispatch.OnHost(cpu, x.DType, new Work(plan, x, mean, variance));

    private readonly record struct Work(ReducePlan Plan, Storage X, Storage Mean, Storage? Variance) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            Job<T> job = new() { X = X.Pointer<T>(), Mean = Mean.Pointer<T>(), Variance = Variance.PointerOrNull<T>(), Plan = Plan };
            int outputs = Plan.Outputs;
            if (Variance is null ? AreFinite<T, V>(job.Mean, outputs) : AreNear<T, V>(job.Mean, job.Variance, outputs)) return;
            cpu.Workers.RunRows(job, Plan.Outputs, Math.Max(1, 16384 / Plan.Terms));
        }

        private static bool AreFinite<T, V>(T* values, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            V a = V.Of(0), b = a, zero = a;
            int i = 0;
            for (; i <= count - (2 * V.Count); i += 2 * V.Count)
            {
                // 0 times a number is 0, and anything else is NaN.
                a = V.MulAdd(V.Load(values + i), zero, a);
                b = V.MulAdd(V.Load(values + i + V.Count), zero, b);
            }

            for (; i < count; i += V.Count) a = V.MulAdd(PartialVector.LoadUpTo<V, T>(values + i, count - i), zero, a);
            return !double.IsNaN(RowReduction<T, V, SumReduction>.Lanes(default, a + b));
        }

        private static bool AreNear<T, V>(T* means, T* variances, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            // Far where m² > bound² v, or v is not finite. A square that overflows sends its output to the exact check, no more.
            double bound = ReductionScale.FarDeviations(V.IsDouble);
            V a = V.Of(0), b = a, square = V.Of(bound * bound);
            int i = 0;
            for (; i <= count - (2 * V.Count); i += 2 * V.Count)
            {
                a = V.Max(a, Far(V.Load(means + i), V.Load(variances + i), square));
                b = V.Max(b, Far(V.Load(means + i + V.Count), V.Load(variances + i + V.Count), square));
            }

            for (; i < count; i += V.Count)
            {
                int left = count - i;
                V m = PartialVector.LoadUpTo<V, T>(means + i, left), v = PartialVector.LoadUpTo<V, T>(variances + i, left);
                a = V.Max(a, Far(m, v, square));
            }

            return RowReduction<T, V, MaxReduction>.Lanes(default, V.Max(a, b)) == 0;
        }
    }

    // 1 where m² > bound² v or v is not finite, and 0 elsewhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Far<V>(V m, V v, V square) where V : unmanaged, ILane<V> =>
        V.SelectLess(square * v, m * m, V.Of(1), V.SelectLess(v, V.Of(double.PositiveInfinity), V.Of(0), V.Of(1)));

    private struct Job<T> : IRowJob
        where T : unmanaged, INumber<T>
    {
        /// <summary>Terms that are summed by themselves, so that rounding errors stay small.</summary>
        private const int BlockTerms = 64;

        internal T* X, Mean, Variance;
        internal ReducePlan Plan;

        public readonly void Row(int output)
        {
            double m = double.CreateTruncating(Mean[output]);
            if (!double.IsFinite(m))
            {
                double small = ReductionScale.SmallInDouble<T>();
                Mean[output] = T.CreateTruncating(Sums(output, small, 0, out _) / Plan.Terms / small);
                m = double.CreateTruncating(Mean[output]);
            }

            if (Variance == null) return;
            double v = double.CreateTruncating(Variance[output]);
            bool isFinite = double.IsFinite(v);
            if (isFinite && Math.Abs(m) <= ReductionScale.FarDeviations(typeof(T) == typeof(double)) * Math.Sqrt(v)) return;

            // mean(d²) - mean(d)²: the mean was rounded before it was taken away, and is what the distances say it is off by.
            double scale = isFinite ? 1 : ReductionScale.SmallInDouble<T>();
            double distance = Sums(output, scale, m * scale, out double squares) / Plan.Terms;
            Variance[output] = T.CreateTruncating(Math.Max(0, (squares / Plan.Terms) - (distance * distance)) / scale / scale);
        }

        // The sum of d = x scale - center over the terms of an output, and that of d².
        private readonly double Sums(int output, double scale, double center, out double squares)
        {
            (int outer, int column) = Plan.InnerReduced ? (output, 0) : Math.DivRem(output, Plan.Inner);
            T* start = X + Plan.Kept.Offset(outer) + column;
            int run = Plan.InnerReduced ? Plan.Inner : 1;
            double sum = 0, blockSum = 0, blockSquares = 0;
            squares = 0;
            for (int piece = 0; piece < Plan.Summed.Count; piece++)
            {
                T* terms = start + Plan.Summed.Offset(piece);
                for (int i = 0; i < run; i++)
                {
                    double d = (double.CreateTruncating(terms[i]) * scale) - center;
                    blockSum += d;
                    blockSquares += d * d;
                    if ((piece + i) % BlockTerms != BlockTerms - 1) continue;
                    (sum, squares, blockSum, blockSquares) = (sum + blockSum, squares + blockSquares, 0, 0);
                }
            }

            squares += blockSquares;
            return sum + blockSum;
        }
    }
}
