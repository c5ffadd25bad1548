using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Rows;

public static unsafe partial class Softmax
{
    private static void RunHost<TOp>(CpuDevice cpu, TOp op, int rows, int columns, Storage a, Storage b, Storage output)
        where TOp : struct, IRowOperation
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (a.DType == DType.Float32)
        {
            if (wide) RunHost<float, Float512, TOp>(cpu, rows, columns, a, b, output);
            else RunHost<float, Float256, TOp>(cpu, rows, columns, a, b, output);
        }
        else
        {
            if (wide) RunHost<double, Double512, TOp>(cpu, rows, columns, a, b, output);
            else RunHost<double, Double256, TOp>(cpu, rows, columns, a, b, output);
        }
    }

    private static void RunHost<T, V, TOp>(CpuDevice cpu, int rows, int columns, Storage a, Storage b, Storage output)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IRowOperation
    {
        RowJob<T, V, TOp> job = new()
        {
            A = a.Pointer<T>(), B = b.Pointer<T>(), Output = output.Pointer<T>(), Rows = rows, Columns = columns,
            RowsInChunk = Math.Max(1, 8192 / columns),
        };
        cpu.Workers.Run(ref job, (int)(((long)rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    /// <summary>Elements that are added up in vectors of the type itself; the sums of such blocks are added in double.</summary>
    private const int BlockLength = 4096;

    /// <summary>The total of a row, in every place of a vector.</summary>
    internal static V Total<T, V, TOp>(TOp op, T* x, int count, V center)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IReduction
    {
        double total = op.Identity;
        for (int i = 0; i < count; i += BlockLength)
            total = op.Combine(total, RowReduction<T, V, TOp>.Contiguous(op, x + i, Math.Min(BlockLength, count - i), center));
        return V.Fill(T.CreateTruncating(total));
    }

    private struct RowJob<T, V, TOp> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IRowOperation
    {
        internal T* A;
        internal T* B;
        internal T* Output;
        internal int Rows;
        internal int Columns;
        internal int RowsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk;
            int end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++)
            {
                nint offset = (nint)row * Columns;
                TOp.Row<T, V>(A + offset, B + offset, Output + offset, Columns);
            }
        }
    }

    private readonly struct SoftmaxRow : IRowOperation
    {
        public static void Row<T, V>(T* x, T* unused, T* y, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            // e = exp(x - max x); y = e / sum e
            V maximum = Total<T, V, MaxReduction>(default, x, count, V.Of(0));
            double sum = 0;
            V minusInfinity = V.Of(double.NegativeInfinity);
            for (int block = 0; block < count; block += BlockLength)
            {
                int end = block + Math.Min(BlockLength, count - block);
                V a = V.Of(0);
                V b = a;
                int i = block;
                for (; i <= end - (2 * V.Count); i += 2 * V.Count)
                {
                    V e = LaneMath.Exp(V.Load(x + i) - maximum);
                    V f = LaneMath.Exp(V.Load(x + i + V.Count) - maximum);
                    V.Store(e, y + i);
                    V.Store(f, y + i + V.Count);
                    a += e;
                    b += f;
                }

                for (; i < end; i += V.Count)
                {
                    V e = LaneMath.Exp(PartialVector.LoadUpTo<V, T>(x + i, end - i, minusInfinity) - maximum);
                    PartialVector.StoreUpTo(e, y + i, end - i);
                    a += e;
                }

                sum += RowReduction<T, V, SumReduction>.Lanes(default, a + b);
            }

            V total = V.Fill(T.CreateTruncating(sum));
            for (int i = 0; i < count; i += V.Count) PartialVector.StoreUpTo(
                PartialVector.LoadUpTo<V, T>(y + i, count - i, total) / total, y + i, count - i);
        }
    }

    private readonly struct LogSoftmaxRow : IRowOperation
    {
        public static void Row<T, V>(T* x, T* unused, T* y, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            // y = (x - max x) - log(sum(exp(x - max x)))
            V maximum = Total<T, V, MaxReduction>(default, x, count, V.Of(0));
            V log = LaneMath.Log(Total<T, V, LogSumExpReduction>(default, x, count, maximum));
            for (int i = 0; i < count; i += V.Count) PartialVector.StoreUpTo(
                (PartialVector.LoadUpTo<V, T>(x + i, count - i, maximum) - maximum) - log, y + i, count - i);
        }
    }

    private readonly struct SoftmaxBackwardRow : IRowOperation
    {
        public static void Row<T, V>(T* g, T* y, T* dx, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            // dx = y (g - sum(g y))
            double sum = 0;
            V zero = V.Of(0);
            for (int block = 0; block < count; block += BlockLength)
            {
                int end = block + Math.Min(BlockLength, count - block);
                V a = zero;
                V b = zero;
                int i = block;
                for (; i <= end - (2 * V.Count); i += 2 * V.Count)
                {
                    a = V.MulAdd(V.Load(g + i), V.Load(y + i), a);
                    b = V.MulAdd(V.Load(g + i + V.Count), V.Load(y + i + V.Count), b);
                }

                for (; i < end; i += V.Count) a =
                    V.MulAdd(PartialVector.LoadUpTo<V, T>(g + i, end - i, zero), PartialVector.LoadUpTo<V, T>(y + i, end - i, zero), a);
                sum += RowReduction<T, V, SumReduction>.Lanes(default, a + b);
            }

            V dot = V.Fill(T.CreateTruncating(sum));
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo(
                    PartialVector.LoadUpTo<V, T>(y + i, count - i, zero) * (PartialVector.LoadUpTo<V, T>(g + i, count - i, zero) - dot),
                    dx + i, count - i);
        }
    }

    private readonly struct LogSoftmaxBackwardRow : IRowOperation
    {
        public static void Row<T, V>(T* g, T* y, T* dx, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            // dx = g - exp(y) sum(g)
            V sum = Total<T, V, SumReduction>(default, g, count, V.Of(0));
            V zero = V.Of(0);
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo(
                    PartialVector.LoadUpTo<V, T>(g + i, count - i, zero)
                        - (LaneMath.Exp(PartialVector.LoadUpTo<V, T>(y + i, count - i, zero)) * sum), dx + i, count - i);
        }
    }
}
