namespace Engine.Kernels.Gates.Host;

internal static unsafe class HostGateRows
{
    /// <summary>Elements of the output in a chunk of work.</summary>
    internal const int ChunkElements = 4096;

    /// <summary>The output from x, or with g the gradient of x.</summary>
    internal readonly record struct Pass<TGate>(
        TGate Gate, Storage? G, Storage X, Storage? Residual, int Rows, int Width, Storage Result) : IVectorWork
        where TGate : unmanaged, IGate
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            Job<TGate, T, V> job = new()
            {
                Gate = Gate, G = G.PointerOrNull<T>(), X = X.Pointer<T>(),
                Residual = Residual.PointerOrNull<T>(), Result = Result.Pointer<T>(), Width = Width,
            };
            cpu.Workers.RunRows(job, Rows, Math.Max(1, ChunkElements / Width));
        }
    }

    private struct Job<TGate, T, V> : IRowJob
        where TGate : unmanaged, IGate
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal TGate Gate;
        internal T* G, X, Residual, Result;
        internal int Width;

        public readonly void Row(int row)
        {
            nint one = (nint)row * Width, two = 2 * one;
            if (G == null) Forward(X + two, Residual == null ? null : Residual + one, Result + one);
            else Backward(G + one, X + two, Result + two);
        }

        private readonly void Forward(T* x, T* residual, T* y)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                V gated = Gate.Apply(PartialVector.LoadUpTo<V, T>(x + i, left), PartialVector.LoadUpTo<V, T>(x + Width + i, left));
                PartialVector.StoreUpTo(residual == null ? gated : PartialVector.LoadUpTo<V, T>(residual + i, left) + gated, y + i, left);
            }
        }

        private readonly void Backward(T* g, T* x, T* dx)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                Gate.Gradient(
                    PartialVector.LoadUpTo<V, T>(g + i, left), PartialVector.LoadUpTo<V, T>(x + i, left),
                    PartialVector.LoadUpTo<V, T>(x + Width + i, left), out V da, out V db);
                PartialVector.StoreUpTo(da, dx + i, left);
                PartialVector.StoreUpTo(db, dx + Width + i, left);
            }
        }
    }
}
