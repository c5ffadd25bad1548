using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Kernels.Lanes;

namespace Engine.Kernels;

public static unsafe partial class TanhSigmoidGate
{
    private const int ChunkElements = 4096;

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
            G = g is null ? null : g.Pointer<T>(), X = x.Pointer<T>(), Result = result.Pointer<T>(), Rows = rows, Width = width, RowsInChunk = Math.Max(1, ChunkElements / width),
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
                T* x = X + ((nint)row * 2 * Width);
                for (int i = 0; i < Width; i += V.Count)
                {
                    int left = Width - i;
                    V t = LaneMath.Tanh(Load(x + i, left)), s = LaneMath.Sigmoid(Load(x + Width + i, left));
                    if (G == null)
                    {
                        Store(t * s, Result + ((nint)row * Width) + i, left);
                        continue;
                    }

                    V g = Load(G + ((nint)row * Width) + i, left), gs = g * s;
                    T* dx = Result + ((nint)row * 2 * Width);
                    Store(gs - (gs * t * t), dx + i, left);
                    Store(gs * t * (V.Of(1) - s), dx + Width + i, left);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static V Load(T* source, int left) => left >= V.Count ? V.Load(source) : PartialVector.Load(source, left, V.Of(0));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(V value, T* destination, int left)
        {
            if (left >= V.Count) V.Store(value, destination);
            else PartialVector.Store(value, destination, left);
        }
    }
}
