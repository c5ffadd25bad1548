using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Reductions;

public static unsafe partial class Reduce
{
    private static void ArgMaxHost(CpuDevice cpu, Storage x, int outer, int extent, int inner, Storage y)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) ArgMaxHost<float, Float512>(cpu, x, outer, extent, inner, y);
            else ArgMaxHost<float, Float256>(cpu, x, outer, extent, inner, y);
        }
        else
        {
            if (wide) ArgMaxHost<double, Double512>(cpu, x, outer, extent, inner, y);
            else ArgMaxHost<double, Double256>(cpu, x, outer, extent, inner, y);
        }
    }

    private static void ArgMaxHost<T, V>(CpuDevice cpu, Storage x, int outer, int extent, int inner, Storage y)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        ArgMaxJob<T, V> job = new() { X = x.Pointer<T>(), Y = y.Pointer<int>(), Extent = extent, Inner = inner, Outputs = outer * inner };
        job.OutputsInChunk = Math.Max(1, 16384 / extent);
        cpu.Workers.Run(ref job, (int)(((long)job.Outputs + job.OutputsInChunk - 1) / job.OutputsInChunk));
    }

    private struct ArgMaxJob<T, V> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* X;
        internal int* Y;
        internal int Extent;
        internal int Inner;
        internal int Outputs;
        internal int OutputsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * OutputsInChunk;
            int end = start + Math.Min(OutputsInChunk, Outputs - start);
            for (int output = start; output < end; output++)
            {
                (int outer, int inner) = Math.DivRem(output, Inner);
                T* first = X + ((nint)outer * Extent * Inner) + inner;
                Y[output] = Inner == 1 ? Contiguous(first) : Strided(first);
            }
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
