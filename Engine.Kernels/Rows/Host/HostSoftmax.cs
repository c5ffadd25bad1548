using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Rows.Host;

/// <summary>What is done to one row that needs a look at the whole row before an element of it can be written.</summary>
internal unsafe interface IRowOperation
{
    /// <summary>
    /// Computes <paramref name="count"/> elements of <paramref name="output"/> from those of <paramref name="a"/> and <paramref name="b"/>;
    /// it may be either.
    /// </summary>
    static abstract void Row<T, V>(T* a, T* b, T* output, int count)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>;
}

/// <summary>Softmax, log-softmax and their derivatives on the host: a row at a time, a vector of its elements at a time.</summary>
internal static unsafe class HostSoftmax
{
    internal readonly record struct Pass<TOp>(int Rows, int Columns, Storage A, Storage B, Storage Output) : IVectorWork
        where TOp : struct, IRowOperation
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            RowJob<T, V, TOp> job = new()
            {
                A = A.Pointer<T>(), B = B.Pointer<T>(), Output = Output.Pointer<T>(), Columns = Columns,
            };
            cpu.Workers.RunRows(job, Rows, Math.Max(1, 8192 / Columns));
        }
    }

    /// <summary>Elements that are added up in vectors of the type itself; the sums of such blocks are added in double.</summary>
    private const int BlockLength = RowReduction<float, Float256, SumReduction>.PieceLength;

    /// <summary>The total of a row, in every place of a vector.</summary>
    internal static V Total<T, V, TOp>(TOp op, T* x, int count, V center)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IReduction => V.Fill(T.CreateTruncating(RowReduction<T, V, TOp>.Total(op, x, count, center)));

    private struct RowJob<T, V, TOp> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IRowOperation
    {
        internal T* A, B, Output;
        internal int Columns;

        public readonly void Row(int row)
        {
            nint offset = (nint)row * Columns;
            TOp.Row<T, V>(A + offset, B + offset, Output + offset, Columns);
        }
    }

    /// <summary>e = exp(x - max x), y = e / sum(e)</summary>
    internal readonly struct SoftmaxRow : IRowOperation
    {
        public static void Row<T, V>(T* x, T* unused, T* y, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            V maximum = Total<T, V, MaxReduction>(default, x, count, V.Of(0));
            double sum = 0;
            for (int block = 0; block < count; block += BlockLength)
                sum += Exponentials(x + block, y + block, Math.Min(BlockLength, count - block), maximum);
            V total = V.Fill(T.CreateTruncating(sum));
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo(PartialVector.LoadUpTo<V, T>(y + i, count - i, total) / total, y + i, count - i);
        }

        /// <summary>y = exp(x - max x) of a block; returns their sum.</summary>
        [SkipLocalsInit]
        private static double Exponentials<T, V>(T* x, T* y, int count, V maximum)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            int lanes = PartialSums.Count<T>();
            T* parts = stackalloc T[lanes];
            V minusInfinity = V.Of(double.NegativeInfinity);
            for (int half = 0; half < lanes; half += V.Count)
            {
                V a = V.Of(0), b = a;
                int i = half;
                for (; i <= count - (2 * lanes) + half; i += 2 * lanes)
                {
                    V e = LaneMath.Exp(V.Load(x + i) - maximum);
                    V f = LaneMath.Exp(V.Load(x + i + lanes) - maximum);
                    V.Store(e, y + i);
                    V.Store(f, y + i + lanes);
                    a += e;
                    b += f;
                }

                V sum = a + b;
                for (; i < count; i += lanes)
                {
                    V e = LaneMath.Exp(PartialVector.LoadUpTo(x + i, count - i, minusInfinity) - maximum);
                    PartialVector.StoreUpTo(e, y + i, count - i);
                    sum += e;
                }

                V.Store(sum, parts + half);
            }

            return PartialSums.Sum(parts);
        }
    }

    /// <summary>y = (x - max x) - log(sum(exp(x - max x)))</summary>
    internal readonly struct LogSoftmaxRow : IRowOperation
    {
        public static void Row<T, V>(T* x, T* unused, T* y, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            V maximum = Total<T, V, MaxReduction>(default, x, count, V.Of(0));
            V log = LaneMath.Log(Total<T, V, LogSumExpReduction>(default, x, count, maximum));
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo((PartialVector.LoadUpTo<V, T>(x + i, count - i, maximum) - maximum) - log, y + i, count - i);
        }
    }

    /// <summary>dx = y (g - sum(g y))</summary>
    internal readonly struct SoftmaxBackwardRow : IRowOperation
    {
        [SkipLocalsInit]
        public static void Row<T, V>(T* g, T* y, T* dx, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            double sum = 0;
            int lanes = PartialSums.Count<T>();
            T* parts = stackalloc T[lanes];
            V zero = V.Of(0);
            for (int block = 0; block < count; block += BlockLength)
            {
                int end = block + Math.Min(BlockLength, count - block);
                for (int half = 0; half < lanes; half += V.Count)
                {
                    V a = zero, b = zero;
                    int i = block + half;
                    for (; i <= end - (2 * lanes) + half; i += 2 * lanes)
                    {
                        a = V.MulAdd(V.Load(g + i), V.Load(y + i), a);
                        b = V.MulAdd(V.Load(g + i + lanes), V.Load(y + i + lanes), b);
                    }

                    a += b;
                    for (; i < end; i += lanes)
                        a = V.MulAdd(PartialVector.LoadUpTo(g + i, end - i, zero), PartialVector.LoadUpTo(y + i, end - i, zero), a);
                    V.Store(a, parts + half);
                }

                sum += PartialSums.Sum(parts);
            }

            V dot = V.Fill(T.CreateTruncating(sum));
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo(
                    PartialVector.LoadUpTo<V, T>(y + i, count - i, zero) * (PartialVector.LoadUpTo<V, T>(g + i, count - i, zero) - dot),
                    dx + i, count - i);
        }
    }

    /// <summary>dx = g - exp(y) sum(g)</summary>
    internal readonly struct LogSoftmaxBackwardRow : IRowOperation
    {
        public static void Row<T, V>(T* g, T* y, T* dx, int count)
            where T : unmanaged, INumber<T>
            where V : unmanaged, IVectorLane<V, T>
        {
            V sum = Total<T, V, SumReduction>(default, g, count, V.Of(0));
            V zero = V.Of(0);
            for (int i = 0; i < count; i += V.Count)
                PartialVector.StoreUpTo(
                    PartialVector.LoadUpTo<V, T>(g + i, count - i, zero)
                        - (LaneMath.Exp(PartialVector.LoadUpTo<V, T>(y + i, count - i, zero)) * sum), dx + i, count - i);
        }
    }
}
