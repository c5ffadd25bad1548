using Engine.Kernels.Rows.Host;

namespace Engine.Kernels.Losses.Host;

/// <summary>The cross-entropy and its derivative on the host: a row at a time.</summary>
internal static unsafe class HostCrossEntropy
{
    private const int ChunkElements = 8192;

    internal readonly record struct Loss(
        Storage Logits, Storage Labels, int Rows, int Classes, double Smoothing, Storage Losses, Storage Statistics, long Ignored)
        : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            LossJob<T, V> job = new()
            {
                Logits = Logits.Pointer<T>(), Labels = Labels.Pointer<int>(), Losses = Losses.Pointer<T>(),
                Statistics = Statistics.Pointer<T>(), Classes = Classes, Smoothing = Smoothing, Ignored = Ignored,
            };
            cpu.Workers.RunRows(job, Rows, Math.Max(1, ChunkElements / Classes));
        }
    }

    internal readonly record struct Gradient(
        Storage G, Storage Logits, Storage Labels, int Rows, int Classes, double Smoothing, Storage Statistics,
        Storage Result, long Ignored) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            GradientJob<T, V> job = new()
            {
                G = G.Pointer<T>(), GStep = G.Length == 1 ? 0 : 1, Logits = Logits.Pointer<T>(), Labels = Labels.Pointer<int>(),
                Statistics = Statistics.Pointer<T>(), Result = Result.Pointer<T>(), Classes = Classes, Smoothing = Smoothing,
                Ignored = Ignored,
            };
            cpu.Workers.RunRows(job, Rows, Math.Max(1, ChunkElements / Classes));
        }
    }

    private struct LossJob<T, V> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* Logits, Losses, Statistics;
        internal int* Labels;
        internal int Classes;
        internal double Smoothing;
        internal long Ignored;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Row(int row)
        {
            if (Labels[row] == Ignored)
            {
                Losses[row] = Statistics[2 * (nint)row] = Statistics[(2 * (nint)row) + 1] = T.Zero;
                return;
            }

            T* z = Logits + ((nint)row * Classes);
            V maximum = HostSoftmax.Total<T, V, MaxReduction>(default, z, Classes, V.Of(0));
            V log = LaneMath.Log(HostSoftmax.Total<T, V, LogSumExpReduction>(default, z, Classes, maximum));
            T m = *(T*)&maximum;
            T logSum = *(T*)&log;

            // loss = log sum - (1 - e)(z_label - m) - (e / classes) sum of (z - m)
            double loss = double.CreateTruncating(logSum) - ((1 - Smoothing) * double.CreateTruncating(z[Labels[row]] - m));
            if (Smoothing > 0)
            {
                V distances = HostSoftmax.Total<T, V, CenteredReduction>(default, z, Classes, maximum);
                loss -= Smoothing / Classes * double.CreateTruncating(*(T*)&distances);
            }

            Losses[row] = T.CreateTruncating(loss);
            Statistics[2 * (nint)row] = m;
            Statistics[(2 * (nint)row) + 1] = logSum;
        }
    }

    private struct GradientJob<T, V> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* G, Logits, Statistics, Result;
        internal int* Labels;
        internal int GStep, Classes;
        internal double Smoothing;
        internal long Ignored;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Row(int row)
        {
            if (Labels[row] == Ignored)
            {
                new Span<T>(Result + ((nint)row * Classes), Classes).Clear();
                return;
            }

            V shared = V.Of(Smoothing / Classes);
            T* z = Logits + ((nint)row * Classes);
            T* dz = Result + ((nint)row * Classes);
            V g = V.Fill(G[row * GStep]);
            V maximum = V.Fill(Statistics[2 * (nint)row]);
            V logSum = V.Fill(Statistics[(2 * (nint)row) + 1]);

            // The label's part of the target is subtracted before the part that all classes share.
            V ofLabel = V.Fill(z[Labels[row]]);
            ofLabel = g * ((Probability(ofLabel, maximum, logSum) - V.Of(1 - Smoothing)) - shared);
            int i = 0;
            for (; i <= Classes - V.Count; i += V.Count) V.Store(g * (Probability(V.Load(z + i), maximum, logSum) - shared), dz + i);
            if (i < Classes)
                PartialVector.Store(g * (Probability(PartialVector.Load(z + i, Classes - i, maximum), maximum, logSum) - shared),
                    dz + i, Classes - i);
            dz[Labels[row]] = *(T*)&ofLabel;
        }

        // softmax(z) = e^((z - m) - log sum)
        private static V Probability(V z, V maximum, V logSum) => LaneMath.Exp((z - maximum) - logSum);
    }
}
