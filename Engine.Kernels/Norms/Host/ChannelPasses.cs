namespace Engine.Kernels.Norms.Host;

/// <summary>
/// What stands at the two ends of the sums: where the parameters of the channels come from, and what becomes of the sums.
/// </summary>
internal unsafe interface IChannelWork<T>
    where T : unmanaged
{
    /// <summary>Sets the parameters that the sums need, for <paramref name="width"/> channels from <paramref name="channel"/> on.</summary>
    void Prepare(int channel, int width, T* parameters, int pitch);

    /// <summary>Takes the sums and sets the parameters that the outputs need.</summary>
    void Finish(int channel, int width, T* first, T* second, T* parameters, int pitch);
}

/// <summary>
/// Sums over the rows, then outputs. Few rows are taken a strip of channels at a time, sums and outputs together while the strip is in
/// the cache. Many rows take two walks over memory: partial sums of parts of the rows, cut at places that depend on the shape alone, and
/// the outputs, from the end backwards, where the cache still holds what the first walk has read last.
/// </summary>
internal static unsafe class ChannelPasses<T, V, TFormula, TWork>
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
    where TFormula : struct, IChannelFormula
    where TWork : struct, IChannelWork<T>
{
    private const int StripRows = 256;
    private const int StripElements = 32768;
    private const int MaxStrip = 1024;
    private const int PartElements = 32768;
    private const int MaxParts = 64;

    /// <summary>Runs both; without <paramref name="y"/> the sums alone.</summary>
    internal static void Run(CpuDevice cpu, TFormula formula, TWork work, T* a, T* b, T* y, int rows, int channels)
    {
        if (rows <= StripRows) RunStrips(cpu, formula, work, a, b, y, rows, channels);
        else RunParts(cpu, formula, work, a, b, y, rows, channels, sums: true);
    }

    /// <summary>The outputs alone, from what <see cref="IChannelWork{T}.Prepare"/> sets.</summary>
    internal static void RunElements(CpuDevice cpu, TFormula formula, TWork work, T* a, T* b, T* y, int rows, int channels) =>
        RunParts(cpu, formula, work, a, b, y, rows, channels, sums: false);

    private static int Padded(int channels) => ChannelPanel<T, V, TFormula>.Padded(channels);

    private static int Strip(int channels, int rows) =>
        Math.Min(channels, Math.Clamp(StripElements / Math.Max(1, rows) / V.Count * V.Count, 4 * V.Count, MaxStrip));

    private static void RunStrips(CpuDevice cpu, TFormula formula, TWork work, T* a, T* b, T* y, int rows, int channels)
    {
        StripJob job = new() { Panel = new(formula, channels), Work = work, A = a, B = b, Y = y, Rows = rows, Channels = channels,
            Width = Strip(channels, rows) };
        cpu.Workers.Run(ref job, (channels + job.Width - 1) / job.Width);
    }

    private static void RunParts(CpuDevice cpu, TFormula formula, TWork work, T* a, T* b, T* y, int rows, int channels, bool sums)
    {
        int pitch = Padded(channels);
        int width = Math.Min(channels, MaxStrip);
        int strips = (channels + width - 1) / width;
        int rowsInPart = Math.Max(PartElements / width, (rows + MaxParts - 1) / MaxParts);
        rowsInPart = (rowsInPart + ChannelPanel<T, V, TFormula>.BlockRows - 1) / ChannelPanel<T, V, TFormula>.BlockRows
            * ChannelPanel<T, V, TFormula>.BlockRows;
        int parts = sums ? (rows + rowsInPart - 1) / rowsInPart : 0;
        DType dtype = DTypes.Of<T>();
        using Scratch scratch = new(cpu, dtype, checked((ChannelPanel<T, V, TFormula>.Parameters + (2 * parts)) * pitch));
        T* parameters = scratch.Pointer<T>();
        T* partial = parameters + ((nint)ChannelPanel<T, V, TFormula>.Parameters * pitch);
        ChannelPanel<T, V, TFormula> panel = new(formula, channels);
        work.Prepare(0, channels, parameters, pitch);
        if (sums)
        {
            SumJob job = new()
            {
                Panel = panel, A = a, B = b, Parameters = parameters, Partial = partial,
                Rows = rows, RowsInPart = rowsInPart, Channels = channels, Width = width, Strips = strips, Pitch = pitch,
            };
            cpu.Workers.Run(ref job, parts * strips);
            Combine(partial, parts, 2 * pitch);
            work.Finish(0, channels, partial, partial + pitch, parameters, pitch);
        }

        if (y != null)
        {
            ElementJob job = new()
            {
                Panel = panel, A = a, B = b, Y = y, Parameters = parameters, Rows = rows, Channels = channels, Pitch = pitch,
                RowsInChunk = Math.Max(4, PartElements / channels / 4 * 4),
            };
            job.Chunks = (rows + job.RowsInChunk - 1) / job.RowsInChunk;
            cpu.Workers.Run(ref job, job.Chunks);
        }
    }

    /// <summary>Adds the sums of all parts into those of the first.</summary>
    private static void Combine(T* partial, int parts, int length)
    {
        for (int i = 0; i < length; i += V.Count)
        {
            V even = V.Load(partial + i);
            V odd = V.Of(0);
            int part = 1;
            for (; part + 1 < parts; part += 2)
            {
                odd += V.Load(partial + ((nint)part * length) + i);
                even += V.Load(partial + ((nint)(part + 1) * length) + i);
            }

            if (part < parts) odd += V.Load(partial + ((nint)part * length) + i);
            V.Store(even + odd, partial + i);
        }
    }

    private struct StripJob : IJob
    {
        internal ChannelPanel<T, V, TFormula> Panel;
        internal TWork Work;
        internal T* A, B, Y;
        internal int Rows, Channels, Width;

        public readonly void Run(int chunk)
        {
            int channel = chunk * Width;
            int width = Math.Min(Width, Channels - channel);
            int pitch = Padded(width);
            T* parameters = stackalloc T[(ChannelPanel<T, V, TFormula>.Parameters + 2) * pitch];
            T* first = parameters + (ChannelPanel<T, V, TFormula>.Parameters * pitch);
            Work.Prepare(channel, width, parameters, pitch);
            Panel.Sums(A + channel, B + channel, Rows, width, parameters, pitch, first, first + pitch);
            Work.Finish(channel, width, first, first + pitch, parameters, pitch);
            if (Y != null) Panel.Elements(A + channel, B + channel, Y + channel, Rows, width, parameters, pitch);
        }
    }

    private struct SumJob : IJob
    {
        internal ChannelPanel<T, V, TFormula> Panel;
        internal T* A, B, Parameters, Partial;
        internal int Rows, RowsInPart, Channels, Width, Strips, Pitch;

        public readonly void Run(int chunk)
        {
            (int part, int strip) = Math.DivRem(chunk, Strips);
            int channel = strip * Width;
            int row = part * RowsInPart;
            nint start = ((nint)row * Channels) + channel;
            T* first = Partial + ((nint)part * 2 * Pitch) + channel;
            Panel.Sums(A + start, B + start, Math.Min(RowsInPart, Rows - row), Math.Min(Width, Channels - channel), Parameters + channel,
                Pitch, first, first + Pitch);
        }
    }

    private struct ElementJob : IJob
    {
        internal ChannelPanel<T, V, TFormula> Panel;
        internal T* A, B, Y, Parameters;
        internal int Rows, RowsInChunk, Channels, Chunks, Pitch;

        public readonly void Run(int chunk)
        {
            int row = (Chunks - 1 - chunk) * RowsInChunk;
            nint start = (nint)row * Channels;
            Panel.Elements(A + start, B + start, Y + start, Math.Min(RowsInChunk, Rows - row), Channels, Parameters, Pitch);
        }
    }
}
