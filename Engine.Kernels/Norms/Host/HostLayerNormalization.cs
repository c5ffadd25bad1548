using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Norms.Host;

/// <summary>Layer normalisation on the host: a row at a time, its elements side by side.</summary>
internal static unsafe class HostLayerNormalization
{
    private const int MaxChunks = 128;
    private const int ChunkElements = 16384;

    /// <summary>Without an epsilon, what keeps a row of equal values from a division by 0.</summary>
    private const double LeastEpsilon = 1e-300;

    /// <summary>Elements that are added up in vectors of the type itself; the sums of such blocks are added in double.</summary>
    private const int BlockLength = RowReduction<float, Float256, SumReduction>.PieceLength;

    internal readonly record struct Forward(
        Storage X, int Rows, int Columns, Storage? Gamma, Storage? Beta, double Epsilon, Storage Mean, Storage Reciprocal,
        Storage Y) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            using Scratch scratch = new(cpu, X.DType, checked(2 * Padded<T, V>(Columns)));
            RowJob<T, V> job = new()
            {
                X = X.Pointer<T>(), Gamma = Copied<T, V>(Gamma, Columns, scratch, 0, T.One),
                Beta = Copied<T, V>(Beta, Columns, scratch, 1, T.Zero), Mean = Mean.Pointer<T>(),
                Residuals = ChannelStatistics.HasResiduals(Mean, Rows) ? Mean.Pointer<T>() + Rows : null,
                Reciprocal = Reciprocal.Pointer<T>(), Y = Y.Pointer<T>(), Epsilon = Math.Max(Epsilon, LeastEpsilon), Columns = Columns,
            };
            cpu.Workers.RunRows(job, Rows, Cut(Rows, Columns).RowsInChunk);
        }
    }

    internal readonly record struct Backward(
        Storage G, Storage X, int Rows, int Columns, Storage? Gamma, Storage Mean, Storage Reciprocal, Storage DGamma,
        Storage DBeta, Storage? Dx) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            (int rowsInChunk, int chunks) = Cut(Rows, Columns);
            int pitch = Padded<T, V>(Columns);
            using Scratch scratch = new(cpu, X.DType, checked((1 + (2 * chunks)) * pitch));
            GradientJob<T, V> job = new()
            {
                G = G.Pointer<T>(), X = X.Pointer<T>(), Gamma = Copied<T, V>(Gamma, Columns, scratch, 0, T.One),
                Mean = Mean.Pointer<T>(), Residuals = ChannelStatistics.HasResiduals(Mean, Rows) ? Mean.Pointer<T>() + Rows : null,
                Reciprocal = Reciprocal.Pointer<T>(), Dx = Dx.PointerOrNull<T>(),
                Partial = scratch.Pointer<T>() + pitch, Rows = Rows, Columns = Columns, RowsInChunk = rowsInChunk, Pitch = pitch,
            };
            cpu.Workers.Run(ref job, chunks);
            HostReduce.SumParts(job.Partial, chunks, 2 * pitch, Columns, DGamma.Pointer<T>());
            HostReduce.SumParts(job.Partial + pitch, chunks, 2 * pitch, Columns, DBeta.Pointer<T>());
        }
    }

    private static (int RowsInChunk, int Chunks) Cut(int rows, int columns)
    {
        int rowsInChunk = Math.Max(Math.Max(1, ChunkElements / columns), (rows + MaxChunks - 1) / MaxChunks);
        return (rowsInChunk, (rows + rowsInChunk - 1) / rowsInChunk);
    }

    private static int Padded<T, V>(int columns)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T> =>
        (columns + V.Count - 1) / V.Count * V.Count;

    /// <summary>The elements of the columns, or one value for all where there is no array, padded to whole vectors.</summary>
    private static T* Copied<T, V>(Storage? source, int columns, Storage scratch, int row, T otherwise)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        int pitch = Padded<T, V>(columns);
        T* copy = scratch.Pointer<T>() + (row * pitch);
        new Span<T>(copy, pitch).Fill(otherwise);
        if (source is not null) new Span<T>(source.Pointer<T>(), columns).CopyTo(new Span<T>(copy, columns));
        return copy;
    }

    private struct RowJob<T, V> : IRowJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* X, Gamma, Beta, Mean, Residuals, Reciprocal, Y;
        internal double Epsilon;
        internal int Columns;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Row(int row)
        {
            T* x = X + ((nint)row * Columns);
            T* y = Y + ((nint)row * Columns);

            // d is what is left of x without a pivot, the mean of four elements: so one pass over the row finds mean and variance.
            T mean = Columns < 4 ? x[0] : (x[0] + x[1] + (x[2] + x[3])) * T.CreateTruncating(0.25);
            T scale = T.One, center = mean;
            double epsilon = Epsilon, unscaled = 1;
            Vector128<double> means = RowMoments<T, V>.Sums(x, Columns, scale, center, center) / Columns;
            if (!double.IsFinite(means[1]))
            {
                // A sum has overflowed: once more with smaller values. NaN and infinity go on to the outputs either way.
                unscaled = ReductionScale.Large(V.IsDouble);
                scale = T.CreateTruncating(1 / unscaled);
                center = T.CreateTruncating(RowMoments<T, V>.Sums(x, Columns, scale, T.Zero, T.Zero)[0] / Columns);
                mean = center * T.CreateTruncating(unscaled);
                epsilon = Math.Max(Epsilon / unscaled / unscaled, LeastEpsilon);
                means = RowMoments<T, V>.Sums(x, Columns, scale, center, mean) / Columns;
            }
            else if (means[0] * means[0] > 0.8 * means[1])
            {
                // mean(d)² > 0.8 mean(d²): the pivot is off by more than two standard deviations, and the difference below would cancel.
                center = mean += T.CreateTruncating(means[0]);
                means = RowMoments<T, V>.Sums(x, Columns, scale, center, center) / Columns;
            }

            // mean(d²) - mean(d)²
            double distance = means[0], variance = means[1] - (distance * distance);
            double reciprocal = 1 / Math.Sqrt((variance < 0 ? 0 : variance) + epsilon);
            double pivot = double.CreateTruncating(mean), residual = distance * unscaled;
            Mean[row] = mean = T.CreateTruncating(pivot + residual);
            if (Residuals != null) Residuals[row] = T.CreateTruncating(pivot - double.CreateTruncating(mean) + residual);
            Reciprocal[row] = T.CreateTruncating(reciprocal / unscaled);
            Write(x, y, scale, center, T.CreateTruncating(reciprocal), T.CreateTruncating(-distance * reciprocal));
        }

        // y = ((x scale - center) factor + offset) gamma + beta, in a method of its own so that what a row needs once takes no registers.
        private readonly void Write(T* x, T* y, T scale, T center, T factor, T offset)
        {
            int i = 0, count = Columns;
            T* gamma = Gamma, beta = Beta;
            V power = V.Fill(scale), minusCenter = -V.Fill(center), slope = V.Fill(factor), left = V.Fill(offset);
            for (; i <= count - V.Count; i += V.Count) V.Store(
                V.MulAdd(V.MulAdd(V.MulAdd(V.Load(x + i), power, minusCenter), slope, left), V.Load(gamma + i), V.Load(beta + i)), y + i);
            if (i == count) return;
            V last = V.MulAdd(PartialVector.LoadUpTo<V, T>(x + i, count - i), power, minusCenter);
            PartialVector.Store(V.MulAdd(V.MulAdd(last, slope, left), V.Load(gamma + i), V.Load(beta + i)), y + i, count - i);
        }
    }

    private struct GradientJob<T, V> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* G, X, Gamma, Mean, Residuals, Reciprocal, Dx, Partial;
        internal int Rows, Columns, RowsInChunk, Pitch;

        public readonly void Run(int chunk)
        {
            T* dGamma = Partial + ((nint)chunk * 2 * Pitch);
            T* dBeta = dGamma + Pitch;
            new Span<T>(dGamma, 2 * Pitch).Clear();
            int end = Math.Min(Rows, (chunk + 1) * RowsInChunk);
            for (int row = chunk * RowsInChunk; row < end; row++) Row(row, dGamma, dBeta);
        }

        [SkipLocalsInit]
        private readonly void Row(int row, T* dGamma, T* dBeta)
        {
            T* x = X + ((nint)row * Columns);
            T* g = G + ((nint)row * Columns);
            if (!T.IsFinite(Mean[row]) && !new ReadOnlySpan<T>(g, Columns).ContainsAnyExcept(T.Zero))
            {
                // What has a gradient of 0 adds nothing, be it infinite or NaN.
                if (Dx != null) new Span<T>(Dx + ((nint)row * Columns), Columns).Clear();
                return;
            }

            V mean = V.Fill(Mean[row]);
            V reciprocal = V.Fill(Reciprocal[row]);
            RowScale<V> scale = new(mean, reciprocal, Residuals == null ? V.Of(0) : V.Fill(Residuals[row]));
            double sum = 0, products = 0;
            T* lanes = stackalloc T[2 * PartialSums.Count<T>()];
            for (int block = 0; block < Columns; block += BlockLength)
            {
                // Narrower vectors take the parts of what 512 bits hold one after the other: so the lanes are the same.
                int end = block + Math.Min(BlockLength, Columns - block);
                for (int half = 0; half < PartialSums.Count<T>(); half += V.Count)
                {
                    V ofSum = V.Of(0), ofProducts = V.Of(0);
                    int i = block + half;
                    for (; i <= end - V.Count; i += PartialSums.Count<T>()) Add(
                        V.Load(x + i), V.Load(g + i), i, scale, dGamma, dBeta, ref ofSum, ref ofProducts);
                    if (i < end)
                        Add(PartialVector.Load(x + i, end - i, mean), PartialVector.Load(g + i, end - i, V.Of(0)), i, scale, dGamma, dBeta,
                            ref ofSum, ref ofProducts);
                    V.Store(ofSum, lanes + half);
                    V.Store(ofProducts, lanes + PartialSums.Count<T>() + half);
                }

                sum += PartialSums.Sum(lanes);
                products += PartialSums.Sum(lanes + PartialSums.Count<T>());
            }

            if (Dx == null) return;
            T* dx = Dx + ((nint)row * Columns);
            V offset = V.Of(sum / Columns);
            V slope = V.Of(products / Columns);
            int c = 0;
            for (; c <= Columns - V.Count; c += V.Count) V.Store(
                Element(V.Load(x + c), V.Load(g + c), c, scale, reciprocal, offset, slope), dx + c);
            if (c == Columns) return;
            V last = Element(PartialVector.Load(x + c, Columns - c, mean), PartialVector.Load(g + c, Columns - c, V.Of(0)), c, scale,
                reciprocal, offset, slope);
            PartialVector.Store(last, dx + c, Columns - c);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Add(V x, V g, int column, RowScale<V> scale, T* dGamma, T* dBeta, ref V sum, ref V products)
        {
            V z = scale.Normalized(x);
            V h = g * V.Load(Gamma + column);
            sum += h;
            products = V.MulAdd(h, z, products);
            V.Store(V.MulAdd(g, z, V.Load(dGamma + column)), dGamma + column);
            V.Store(V.Load(dBeta + column) + g, dBeta + column);
        }

        // dx = reciprocal (h - mean(h) - z mean(h z))
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly V Element(V x, V g, int column, RowScale<V> scale, V reciprocal, V offset, V slope)
        {
            V z = scale.Normalized(x);
            V h = g * V.Load(Gamma + column);
            return reciprocal * (h - offset - (z * slope));
        }
    }
}
