using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;
using Engine.Kernels.Rows;

namespace Engine.Kernels.Losses;

public static unsafe partial class CrossEntropy
{
    private const int ChunkElements = 8192;

    private static void RunHost(
        CpuDevice cpu, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage losses, Storage statistics)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (logits.DType == DType.Float32)
        {
            if (wide) RunHost<float, Float512>(cpu, logits, labels, rows, classes, smoothing, losses, statistics);
            else RunHost<float, Float256>(cpu, logits, labels, rows, classes, smoothing, losses, statistics);
        }
        else
        {
            if (wide) RunHost<double, Double512>(cpu, logits, labels, rows, classes, smoothing, losses, statistics);
            else RunHost<double, Double256>(cpu, logits, labels, rows, classes, smoothing, losses, statistics);
        }
    }

    private static void RunHost<T, V>(
        CpuDevice cpu, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage losses, Storage statistics)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        LossJob<T, V> job = new()
        {
            Logits = logits.Pointer<T>(), Labels = labels.Pointer<int>(), Losses = losses.Pointer<T>(),
            Statistics = statistics.Pointer<T>(),
            Rows = rows, Classes = classes, RowsInChunk = Math.Max(1, ChunkElements / classes), Smoothing = smoothing,
        };
        cpu.Workers.Run(ref job, (int)(((long)rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private static void GradientHost(
        CpuDevice cpu, Storage g, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage statistics,
        Storage result)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (logits.DType == DType.Float32)
        {
            if (wide) GradientHost<float, Float512>(cpu, g, logits, labels, rows, classes, smoothing, statistics, result);
            else GradientHost<float, Float256>(cpu, g, logits, labels, rows, classes, smoothing, statistics, result);
        }
        else
        {
            if (wide) GradientHost<double, Double512>(cpu, g, logits, labels, rows, classes, smoothing, statistics, result);
            else GradientHost<double, Double256>(cpu, g, logits, labels, rows, classes, smoothing, statistics, result);
        }
    }

    private static void GradientHost<T, V>(
        CpuDevice cpu, Storage g, Storage logits, Storage labels, int rows, int classes, double smoothing, Storage statistics,
        Storage result)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        GradientJob<T, V> job = new()
        {
            G = g.Pointer<T>(), GStep = g.Length == 1 ? 0 : 1, Logits = logits.Pointer<T>(), Labels = labels.Pointer<int>(),
            Statistics = statistics.Pointer<T>(),
            Result = result.Pointer<T>(), Rows = rows, Classes = classes, RowsInChunk = Math.Max(1, ChunkElements / classes),
            Smoothing = smoothing,
        };
        cpu.Workers.Run(ref job, (int)(((long)rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private struct LossJob<T, V> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* Logits, Losses, Statistics;
        internal int* Labels;
        internal int Rows, Classes, RowsInChunk;
        internal double Smoothing;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk;
            int end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++)
            {
                T* z = Logits + ((nint)row * Classes);
                V maximum = Softmax.Total<T, V, MaxReduction>(default, z, Classes, V.Of(0));
                V log = LaneMath.Log(Softmax.Total<T, V, LogSumExpReduction>(default, z, Classes, maximum));
                T m = *(T*)&maximum;
                T logSum = *(T*)&log;

                // loss = log sum - (1 - e)(z_label - m) - (e / classes) sum of (z - m)
                double loss = double.CreateTruncating(logSum) - ((1 - Smoothing) * double.CreateTruncating(z[Labels[row]] - m));
                if (Smoothing > 0)
                {
                    V distances = Softmax.Total<T, V, CenteredReduction>(default, z, Classes, maximum);
                    loss -= Smoothing / Classes * double.CreateTruncating(*(T*)&distances);
                }

                Losses[row] = T.CreateTruncating(loss);
                Statistics[2 * (nint)row] = m;
                Statistics[(2 * (nint)row) + 1] = logSum;
            }
        }
    }

    private struct GradientJob<T, V> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* G, Logits, Statistics, Result;
        internal int* Labels;
        internal int GStep, Rows, Classes, RowsInChunk;
        internal double Smoothing;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk;
            int end = start + Math.Min(RowsInChunk, Rows - start);
            V shared = V.Of(Smoothing / Classes);
            for (int row = start; row < end; row++)
            {
                T* z = Logits + ((nint)row * Classes);
                T* dz = Result + ((nint)row * Classes);
                V g = V.Fill(G[row * GStep]);
                V maximum = V.Fill(Statistics[2 * (nint)row]);
                V logSum = V.Fill(Statistics[(2 * (nint)row) + 1]);

                // The label's element has the rest of the target taken away beside it, before the others' rounding.
                V ofLabel = V.Fill(z[Labels[row]]);
                ofLabel = g * ((Probability(ofLabel, maximum, logSum) - V.Of(1 - Smoothing)) - shared);
                int i = 0;
                for (; i <= Classes - V.Count; i += V.Count) V.Store(g * (Probability(V.Load(z + i), maximum, logSum) - shared), dz + i);
                if (i < Classes)
                    PartialVector.Store(g * (Probability(PartialVector.Load(z + i, Classes - i, maximum), maximum, logSum) - shared),
                        dz + i, Classes - i);
                dz[Labels[row]] = *(T*)&ofLabel;
            }
        }

        // softmax(z) = e^((z - m) - log sum)
        private static V Probability(V z, V maximum, V logSum) => LaneMath.Exp((z - maximum) - logSum);
    }
}
