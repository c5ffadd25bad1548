namespace Engine.Kernels.Gates.Host;

/// <summary>The output from x, or with g the gradient of x.</summary>
internal readonly unsafe record struct HostConcatElu(Storage? G, Storage X, int Rows, int Width, Storage Result)
    : IVectorWork
{
    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        Job<T, V> job = new()
        {
            G = G.PointerOrNull<T>(), X = X.Pointer<T>(), Result = Result.Pointer<T>(), Width = Width,
        };
        cpu.Workers.RunRows(job, Rows, Math.Max(1, HostGateRows.ChunkElements / Width));
    }

    private struct Job<T, V> : IRowJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* G, X, Result;
        internal int Width;

        public readonly void Row(int row)
        {
            nint one = (nint)row * Width, two = 2 * one;
            if (G == null) Forward(X + one, Result + two);
            else Backward(G + two, X + one, Result + one);
        }

        private readonly void Forward(T* x, T* y)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                ConcatElu.Both(PartialVector.LoadUpTo<V, T>(x + i, left), out V positive, out V negative);
                PartialVector.StoreUpTo(positive, y + i, left);
                PartialVector.StoreUpTo(negative, y + Width + i, left);
            }
        }

        private readonly void Backward(T* g, T* x, T* dx)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                V slope = ConcatElu.Slope(PartialVector.LoadUpTo<V, T>(g + i, left), PartialVector.LoadUpTo<V, T>(g + Width + i, left),
                    PartialVector.LoadUpTo<V, T>(x + i, left));
                PartialVector.StoreUpTo(slope, dx + i, left);
            }
        }
    }
}
