using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Flows.Host;

/// <summary>What the host computes of an affine coupling.</summary>
internal enum CouplingPass
{
    Forward,
    InputGradient,
    ParameterGradient,
}

/// <summary>
/// The affine coupling on the host. A block is a part of one row, or some whole rows where rows are short: log-scales and shifts, which
/// alternate in memory, are laid side by side in the nearest cache, and then everything runs over whole vectors. The passes are methods of
/// their own, because the compiler inlines only so much into one.
/// </summary>
internal readonly unsafe record struct HostAffineCoupling(
    CouplingPass Pass, AffineCouplingArguments Arguments, Storage? X, Storage? G, Storage? H, Storage Result, Storage? Log,
    bool Accumulates = false) : IVectorWork
{
    private const int Block = 256;
    private const int ChunkElements = 4096;

    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        if (Arguments.Bound is null) Start<T, V, FreeLogScale>(cpu);
        else Start<T, V, BoundedLogScale>(cpu);
    }

    private void Start<T, V, TScale>(CpuDevice cpu)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TScale : struct, ILogScale
    {
        AffineCouplingShape shape = Arguments.Shape;
        int columns = shape.Columns, rowsInBlock = Math.Max(1, Block / columns);
        int length = columns * rowsInBlock, pitch = length + V.Count;
        using Scratch scratch = new(cpu, Result.DType, 2 * pitch);
        Job<T, V, TScale> job = new()
        {
            Pass = Pass, X = X.PointerOrNull<T>(), G = G.PointerOrNull<T>(), H = H.PointerOrNull<T>(),
            Result = Result.Pointer<T>(), Log = Log.PointerOrNull<T>(), Parameters = Arguments.Parameters.Pointer<T>(),
            Bound = scratch.Pointer<T>(), Active = scratch.Pointer<T>() + pitch,
            Rows = shape.Rows, Columns = columns, Channels = shape.Channels, RowsInBlock = rowsInBlock,
            RowsInChunk = Math.Max(1, ChunkElements / length) * rowsInBlock, IsInverse = Arguments.IsInverse,
            Accumulates = Accumulates, Sign = Arguments.IsInverse ? -1 : 1,
        };
        Repeat(Arguments.Bound, shape.Channels, job.Bound, pitch);
        Repeat(Arguments.Active, columns, job.Active, pitch);
        cpu.Workers.Run(ref job, (shape.Rows + job.RowsInChunk - 1) / job.RowsInChunk);
    }

    /// <summary>Repeats the values, or ones, so that every element of a block finds its own.</summary>
    private static void Repeat<T>(Storage? source, int period, T* target, int count) where T : unmanaged, INumber<T>
    {
        if (source is null || source.Length == 1)
        {
            new Span<T>(target, count).Fill(source is null ? T.One : *source.Pointer<T>());
            return;
        }

        T* values = source.Pointer<T>();
        for (int i = 0, k = 0; i < count; i++)
        {
            target[i] = values[k];
            if (++k == period) k = 0;
        }
    }

    private struct Job<T, V, TScale> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TScale : struct, ILogScale
    {
        internal CouplingPass Pass;
        internal T* X, G, H, Result, Log, Parameters, Bound, Active;
        internal int Rows, Columns, Channels, RowsInBlock, RowsInChunk;
        internal bool IsInverse, Accumulates;
        internal double Sign;

        [SkipLocalsInit]
        public readonly void Run(int chunk)
        {
            T* raw = stackalloc T[4 * (Block + 16)];
            T* shift = raw + Block + 16;
            T* sums = shift + Block + 16;
            T* ofRows = sums + Block + 16;
            int end = Math.Min(Rows, (chunk + 1) * RowsInChunk);
            for (int row = chunk * RowsInChunk; row < end; row += RowsInBlock)
            {
                int rows = Math.Min(RowsInBlock, end - row);
                if (Columns > Block)
                {
                    double total = 0;
                    for (int i = 0; i < Columns; i += Block)
                    {
                        int count = Math.Min(Block, Columns - i);
                        Elements(row, i, count, raw, shift, sums, ofRows);
                        if (Pass == CouplingPass.Forward) total += Sum(sums, count);
                    }

                    if (Pass == CouplingPass.Forward) Log[row] = T.CreateTruncating(Sign * total);
                }
                else
                {
                    Elements(row, 0, rows * Columns, raw, shift, sums, ofRows);
                    for (int i = 0; i < rows && Pass == CouplingPass.Forward; i++) Log[row + i] =
                        T.CreateTruncating(Sign * Sum(sums + (i * Columns), Columns));
                }
            }
        }

        private static double Sum(T* values, int count)
        {
            if (count >= PartialSums.Count<T>()) return RowReduction<T, V, SumReduction>.Total(default, values, count, V.Of(0));
            double sum = 0;
            for (int i = 0; i < count; i++) sum += double.CreateTruncating(values[i]);
            return sum;
        }

        /// <summary>Elements of a block, <paramref name="first"/> of a row and on.</summary>
        private readonly void Elements(int row, int first, int count, T* raw, T* shift, T* sums, T* ofRows)
        {
            nint start = ((nint)row * Columns) + first;
            Gather(start, count, raw, shift);
            if (Pass == CouplingPass.ParameterGradient && H != null)
                for (int i = 0, r = row, k = first; i < count; i++, k++)
                {
                    if (k == Columns) (k, r) = (0, r + 1);
                    ofRows[i] = H[r];
                }

            if (Pass == CouplingPass.Forward) Forward(start, first, count, raw, shift, sums);
            else if (Pass == CouplingPass.InputGradient) InputGradient(start, first, count, raw);
            else ParameterGradient(start, first, count, raw, shift, ofRows);
            if (Pass == CouplingPass.ParameterGradient) Scatter(start, count, raw, shift);
        }

        private readonly void Forward(nint start, int first, int count, T* raw, T* shift, T* sums)
        {
            V half = V.Of(0.5 * Sign);
            for (int i = 0; i < count; i += V.Count)
            {
                int left = count - i;
                V active = V.Load(Active + first + i), t = V.Load(shift + i) * active;
                V s = TScale.Of(V.Load(raw + i), V.Load(Bound + first + i)) * active;
                V.Store(s, sums + i);
                V root = LaneMath.ExpFinite(half * s), x = PartialVector.LoadUpTo<V, T>(X + start + i, left);
                PartialVector.StoreUpTo(IsInverse ? (x - t) * root * root : V.MulAdd(x * root, root, t), Result + start + i, left);
            }
        }

        private readonly void InputGradient(nint start, int first, int count, T* raw)
        {
            V half = V.Of(0.5 * Sign);
            for (int i = 0; i < count; i += V.Count)
            {
                V s = TScale.Of(V.Load(raw + i), V.Load(Bound + first + i)) * V.Load(Active + first + i),
                    root = LaneMath.ExpFinite(half * s);
                PartialVector.StoreUpTo(
                    PartialVector.LoadUpTo<V, T>(G + start + i, count - i) * root * root, Result + start + i, count - i);
            }
        }

        private readonly void ParameterGradient(nint start, int first, int count, T* raw, T* shift, T* ofRows)
        {
            V sign = V.Of(Sign), half = V.Of(0.5 * Sign);
            for (int i = 0; i < count; i += V.Count)
            {
                int left = count - i;
                V active = V.Load(Active + first + i), bound = V.Load(Bound + first + i), r = V.Load(raw + i), dShift = V.Of(0);
                V dLog = H == null ? V.Of(0) : V.Load(ofRows + i);
                if (G != null)
                {
                    V root = LaneMath.ExpFinite(half * (TScale.Of(r, bound) * active)),
                    x = PartialVector.LoadUpTo<V, T>(X + start + i, left),
                        g = PartialVector.LoadUpTo<V, T>(G + start + i, left);
                    dLog = V.MulAdd((IsInverse ? x - (V.Load(shift + i) * active) : x) * root * g, root, dLog);
                    dShift = (IsInverse ? -(g * root * root) : g) * active;
                }

                V.Store(sign * dLog * TScale.Slope(r, bound) * active, raw + i);
                V.Store(dShift, shift + i);
            }
        }

        private readonly void Gather(nint start, int count, T* raw, T* shift)
        {
            (nint place, nint channel) = Math.DivRem(start, Channels);
            T* source = Parameters + (2 * place * Channels) + channel;
            for (int i = 0; i < count;)
            {
                // A run of channels of one place.
                int run = Math.Min(count - i, Channels - (int)channel);
                if (run >= 8)
                {
                    new Span<T>(source, run).CopyTo(new Span<T>(raw + i, run));
                    new Span<T>(source + Channels, run).CopyTo(new Span<T>(shift + i, run));
                }
                else
                {
                    for (int k = 0; k < run; k++) (raw[i + k], shift[i + k]) = (source[k], source[Channels + k]);
                }

                i += run;
                source += run + Channels;
                channel = 0;
            }

            // What a last vector has beyond the block is never stored; zeros keep it finite.
            for (int i = count; i < count + 16; i++) raw[i] = shift[i] = T.Zero;
        }

        private readonly void Scatter(nint start, int count, T* raw, T* shift)
        {
            (nint place, nint channel) = Math.DivRem(start, Channels);
            T* target = Result + (2 * place * Channels) + channel;
            for (int i = 0; i < count;)
            {
                int run = Math.Min(count - i, Channels - (int)channel);
                if (Accumulates)
                {
                    for (int k = 0; k < run; k++) (target[k], target[Channels + k]) =
                        (target[k] + raw[i + k], target[Channels + k] + shift[i + k]);
                }
                else if (run >= 8)
                {
                    new Span<T>(raw + i, run).CopyTo(new Span<T>(target, run));
                    new Span<T>(shift + i, run).CopyTo(new Span<T>(target + Channels, run));
                }
                else
                {
                    for (int k = 0; k < run; k++) (target[k], target[Channels + k]) = (raw[i + k], shift[i + k]);
                }

                i += run;
                target += run + Channels;
                channel = 0;
            }
        }
    }
}
