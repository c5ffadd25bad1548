namespace Engine.Kernels.Flows.Host;

/// <summary>
/// Splines on the host, one in each lane of a vector: their parameters are transposed in the first-level cache, so that each lane evaluates
/// its own spline. Without gradients of the parameters it is the forward pass or the inverse.
/// </summary>
internal readonly unsafe record struct HostSpline(
    SplineShape Shape, Storage X, Storage Parameters, Storage? G, Storage Result, Storage? DParameters, bool IsInverse)
    : IVectorWork
{
    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        Job<T, V> job = new()
        {
            Formula = new SplineFormula(Shape), X = X.Pointer<T>(), Parameters = Parameters.Pointer<T>(), G = G.PointerOrNull<T>(),
            Result = Result.Pointer<T>(), Gradients = DParameters.PointerOrNull<T>(), Count = X.Length, Each = Shape.Parameters,
            IsInverse = IsInverse, Groups = Math.Max(1, 16384 / (V.Count * Shape.Parameters)),
        };
        int groups = (X.Length + V.Count - 1) / V.Count;
        cpu.Workers.Run(ref job, (groups + job.Groups - 1) / job.Groups);
    }

    private readonly struct Across<T, V>(T* values, T* gradients) : ISplineParameters<V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Read(int parameter) => V.Load(values + (parameter * V.Count));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Write(int parameter, V gradient) => V.Store(gradient, gradients + (parameter * V.Count));
    }

    private struct Job<T, V> : IJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal SplineFormula Formula;
        internal T* X, Parameters, G, Result, Gradients;
        internal int Count, Each, Groups;
        internal bool IsInverse;

        public readonly void Run(int chunk)
        {
            T* across = stackalloc T[2 * Each * V.Count];
            Across<T, V> parameters = new(across, across + (Each * V.Count));
            int end = (int)Math.Min(Count, (chunk + 1L) * Groups * V.Count);
            for (int i = chunk * Groups * V.Count; i < end; i += V.Count)
            {
                int count = Math.Min(V.Count, end - i);
                Gather(Parameters + ((nint)i * Each), count, across);
                V x = PartialVector.LoadUpTo<V, T>(X + i, count);
                if (Gradients == null)
                {
                    SplineValue<V> value = IsInverse ? Formula.Inverse(x, parameters) : Formula.Forward(x, parameters);
                    PartialVector.StoreUpTo(value.Value, Result + i, count);
                    PartialVector.StoreUpTo(value.LogSlope, Result + Count + i, count);
                }
                else
                {
                    PartialVector.StoreUpTo(
                        Formula.Backward(x, PartialVector.LoadUpTo<V, T>(G + i, count), PartialVector.LoadUpTo<V, T>(G + Count + i, count),
                            parameters), Result + i, count);
                    Scatter(across + (Each * V.Count), count, Gradients + ((nint)i * Each));
                }
            }
        }

        private readonly void Gather(T* source, int count, T* across)
        {
            for (int i = 0; i < V.Count; i++)
            {
                // Lanes beyond the last spline repeat it, so that they stay finite.
                T* own = source + (Math.Min(i, count - 1) * Each);
                for (int k = 0; k < Each; k++) across[(k * V.Count) + i] = own[k];
            }
        }

        private readonly void Scatter(T* across, int count, T* target)
        {
            for (int i = 0; i < count; i++)
                for (int k = 0; k < Each; k++) target[(i * Each) + k] = across[(k * V.Count) + i];
        }
    }
}
