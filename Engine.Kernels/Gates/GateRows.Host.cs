using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Gates;

internal static unsafe partial class GateRows
{
    /// <summary>Elements of the output in a piece of work.</summary>
    internal const int ChunkElements = 4096;

    /// <summary>The output from x, or with g the gradient of x.</summary>
    private static void RunOnHost<TGate>(
        CpuDevice device, TGate gate, Storage? g, Storage x, Storage? residual, int rows, int width, Storage result)
        where TGate : unmanaged, IGate
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32 && wide) RunOnHost<TGate, float, Float512>(device, gate, g, x, residual, rows, width, result);
        else if (x.DType == DType.Float32) RunOnHost<TGate, float, Float256>(device, gate, g, x, residual, rows, width, result);
        else if (wide) RunOnHost<TGate, double, Double512>(device, gate, g, x, residual, rows, width, result);
        else RunOnHost<TGate, double, Double256>(device, gate, g, x, residual, rows, width, result);
    }

    private static void RunOnHost<TGate, T, V>(
        CpuDevice device, TGate gate, Storage? g, Storage x, Storage? residual, int rows, int width, Storage result)
        where TGate : unmanaged, IGate
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        Job<TGate, T, V> job = new()
        {
            Gate = gate,
            G = g is null ? null : g.Pointer<T>(),
            X = x.Pointer<T>(),
            Residual = residual is null ? null : residual.Pointer<T>(),
            Result = result.Pointer<T>(),
            Rows = rows,
            Width = width,
            RowsInChunk = Math.Max(1, ChunkElements / width),
        };
        device.Workers.Run(ref job, (int)(((long)rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private struct Job<TGate, T, V> : IJob
        where TGate : unmanaged, IGate
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal TGate Gate;
        internal T* G, X, Residual, Result;
        internal int Rows, Width, RowsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk, end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++)
            {
                nint one = (nint)row * Width, two = 2 * one;
                if (G == null) Forward(X + two, Residual == null ? null : Residual + one, Result + one);
                else Backward(G + one, X + two, Result + two);
            }
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
