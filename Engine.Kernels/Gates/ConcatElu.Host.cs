using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Gates;

public static unsafe partial class ConcatElu
{
    /// <summary>The output from x, or with g the gradient of x.</summary>
    private static void RunOnHost(CpuDevice device, Storage? g, Storage x, int rows, int width, Storage result)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32 && wide) RunOnHost<float, Float512>(device, g, x, rows, width, result);
        else if (x.DType == DType.Float32) RunOnHost<float, Float256>(device, g, x, rows, width, result);
        else if (wide) RunOnHost<double, Double512>(device, g, x, rows, width, result);
        else RunOnHost<double, Double256>(device, g, x, rows, width, result);
    }

    private static void RunOnHost<T, V>(CpuDevice device, Storage? g, Storage x, int rows, int width, Storage result)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        Job<T, V> job = new()
        {
            G = g is null ? null : g.Pointer<T>(),
            X = x.Pointer<T>(),
            Result = result.Pointer<T>(),
            Rows = rows,
            Width = width,
            RowsInChunk = Math.Max(1, GateRows.ChunkElements / width),
        };
        device.Workers.Run(ref job, (int)(((long)rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private struct Job<T, V> : IJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* G, X, Result;
        internal int Rows, Width, RowsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk, end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++)
            {
                nint one = (nint)row * Width, two = 2 * one;
                if (G == null) Forward(X + one, Result + two);
                else Backward(G + two, X + one, Result + one);
            }
        }

        private readonly void Forward(T* x, T* y)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                Both(PartialVector.LoadUpTo<V, T>(x + i, left), out V positive, out V negative);
                PartialVector.StoreUpTo(positive, y + i, left);
                PartialVector.StoreUpTo(negative, y + Width + i, left);
            }
        }

        private readonly void Backward(T* g, T* x, T* dx)
        {
            for (int i = 0; i < Width; i += V.Count)
            {
                int left = Width - i;
                V slope = Slope(PartialVector.LoadUpTo<V, T>(g + i, left), PartialVector.LoadUpTo<V, T>(g + Width + i, left),
                    PartialVector.LoadUpTo<V, T>(x + i, left));
                PartialVector.StoreUpTo(slope, dx + i, left);
            }
        }
    }
}
