namespace Engine.Kernels.Optimizers.Host;

/// <summary>Sums of squares on the host.</summary>
internal static unsafe class HostSumOfSquares
{
    /// <summary>Elements of one chunk of work.</summary>
    private const int ChunkElements = 8192;

    internal static double Run(CpuDevice cpu, Storage array)
    {
        double[] sums = new double[(array.Length + ChunkElements - 1) / ChunkElements];
        fixed (double* p = sums)
        {
            if (array.DType == DType.Float32)
            {
                SingleJob job = new() { X = array.Pointer<float>(), Count = array.Length, Sums = p };
                cpu.Workers.Run(ref job, sums.Length);
            }
            else
            {
                DoubleJob job = new() { X = array.Pointer<double>(), Count = array.Length, Sums = p };
                cpu.Workers.Run(ref job, sums.Length);
            }
        }

        double total = 0;
        foreach (double sum in sums) total += sum;
        return total;
    }

    private struct SingleJob : IJob
    {
        internal float* X;
        internal double* Sums;
        internal int Count;

        public readonly void Run(int chunk)
        {
            int i = chunk * ChunkElements, end = Math.Min(Count, i + ChunkElements);
            Vector512<double> low = default, high = default;
            for (; i <= end - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                (Vector512<double> lower, Vector512<double> upper) = Vector512.Widen(Vector512.Load(X + i));
                low += lower * lower;
                high += upper * upper;
            }

            double sum = Vector512.Sum(low + high);
            for (; i < end; i++) sum += (double)X[i] * X[i];
            Sums[chunk] = sum;
        }
    }

    private struct DoubleJob : IJob
    {
        internal double* X, Sums;
        internal int Count;

        public readonly void Run(int chunk)
        {
            int i = chunk * ChunkElements, end = Math.Min(Count, i + ChunkElements);
            Vector512<double> low = default, high = default;
            for (; i <= end - 2 * Vector512<double>.Count; i += 2 * Vector512<double>.Count)
            {
                Vector512<double> lower = Vector512.Load(X + i), upper = Vector512.Load(X + i + Vector512<double>.Count);
                low += lower * lower;
                high += upper * upper;
            }

            double sum = Vector512.Sum(low + high);
            for (; i < end; i++) sum += X[i] * X[i];
            Sums[chunk] = sum;
        }
    }
}
