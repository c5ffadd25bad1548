namespace Engine.Kernels.Reductions.Host;

/// <summary>Looks over the outputs of a reduction: whether ordinary arithmetic was enough for them.</summary>
internal static unsafe partial class HostReduce
{
    /// <summary>Whether no output is infinite or NaN.</summary>
    internal static bool IsFinite(CpuDevice cpu, Storage y)
    {
        bool found = false;
        LaneDispatch.OnHost(cpu, y.DType, new NonFinite(y, ref found));
        return !found;
    }

    /// <summary>
    /// Whether a mean is so large beside its variance that what it was rounded by counts in the variance: a hundred deviations in float32,
    /// a million in float64.
    /// </summary>
    internal static bool IsFarFromZero(CpuDevice cpu, Storage mean, Storage variance)
    {
        bool found = false;
        LaneDispatch.OnHost(cpu, mean.DType, new FarFromZero(mean, variance, ref found));
        return found;
    }

    private readonly ref struct NonFinite(Storage y, ref bool found) : IVectorWork
    {
        private readonly ref bool _found = ref found;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            T* values = y.Pointer<T>();
            V a = V.Of(0), b = a, zero = a;
            int i = 0;
            for (; i <= y.Length - (2 * V.Count); i += 2 * V.Count)
            {
                // 0 times a number is 0, and anything else is NaN.
                a = V.MulAdd(V.Load(values + i), zero, a);
                b = V.MulAdd(V.Load(values + i + V.Count), zero, b);
            }

            for (; i < y.Length; i += V.Count) a = V.MulAdd(PartialVector.LoadUpTo<V, T>(values + i, y.Length - i), zero, a);
            _found = double.IsNaN(RowReduction<T, V, SumReduction>.Lanes(default, a + b));
        }
    }

    private readonly ref struct FarFromZero(Storage mean, Storage variance, ref bool found) : IVectorWork
    {
        private readonly ref bool _found = ref found;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            T* means = mean.Pointer<T>(), variances = variance.Pointer<T>();
            V count = V.Of(0), one = V.Of(1), bound = V.Of(V.IsDouble ? 1e12 : 1e4);
            for (int i = 0; i < mean.Length; i += V.Count)
            {
                V m = PartialVector.LoadUpTo<V, T>(means + i, mean.Length - i),
                    v = PartialVector.LoadUpTo<V, T>(variances + i, mean.Length - i);
                count = V.Max(count, V.SelectLess(bound * v, m * m, one, V.Of(0)));
            }

            _found = RowReduction<T, V, SumReduction>.Lanes(default, count) > 0;
        }
    }
}
