using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Flows;

// As many splines side by side as a vector has places: their parameters are laid across in the nearest cache, so that every place computes
// a spline of its own.
public static unsafe partial class RationalQuadraticSpline
{
    private static void ForwardOnHost(CpuDevice cpu, Storage x, Storage parameters, SplineShape shape, bool inverse, Storage result) =>
        Run(cpu, shape, x, parameters, null, result, null, inverse);

    private static void BackwardOnHost(
        CpuDevice cpu, Storage g, Storage x, Storage parameters, SplineShape shape, Storage dx, Storage dParameters) =>
        Run(cpu, shape, x, parameters, g, dx, dParameters, false);

    private static void Run(
        CpuDevice cpu, SplineShape shape, Storage x, Storage parameters, Storage? g, Storage result, Storage? dParameters, bool inverse)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) Start<float, Float512>();
            else Start<float, Float256>();
        }
        else
        {
            if (wide) Start<double, Double512>();
            else Start<double, Double256>();
        }

        void Start<T, V>()
            where T : unmanaged
            where V : unmanaged, IVectorLane<V, T>
        {
            Job<T, V> job = new()
            {
                Formula = new SplineFormula(shape), X = x.Pointer<T>(), Parameters = parameters.Pointer<T>(),
                G = g is null ? null : g.Pointer<T>(), Result = result.Pointer<T>(),
                Gradients = dParameters is null ? null : dParameters.Pointer<T>(), Count = x.Length, Each = shape.Parameters,
                IsInverse = inverse,
                Groups = Math.Max(1, 16384 / (V.Count * shape.Parameters)),
            };
            int groups = (x.Length + V.Count - 1) / V.Count;
            cpu.Workers.Run(ref job, (groups + job.Groups - 1) / job.Groups);
        }
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
                // Places beyond the last spline repeat it, so that they stay finite.
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
