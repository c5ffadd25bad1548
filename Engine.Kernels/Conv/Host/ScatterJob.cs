using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution of stride 1, or a transposed one of any stride, with few channels of the result: they would leave most of a vector empty.
/// Here the vectors run along the pixels of the source and the rows of a tile are the taps: one product gives what each source pixel
/// contributes through each tap, and the contributions are then added up where they belong.
/// </summary>
/// <remarks>A chunk is some of the images, whole; they come in bands of rows whose contributions fit the second-level cache.</remarks>
internal unsafe struct ScatterJob<TV, T, TOp> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : unmanaged, IUnaryOp
{
    /// <summary>The pixels of a band, about.</summary>
    private const int BandPixels = 384;

    internal required HostMemoryPool Pool;
    internal required ScatterAxis Rows;
    internal required ScatterAxis Columns;

    /// <summary>Taps that take part, the first in raster order.</summary>
    internal required int Taps;

    /// <summary>The packed weight: <see cref="PackWeight"/>.</summary>
    internal required T* Weight;
    internal required Images<T> Source;
    internal required Images<T> Target;
    internal required T* Bias;
    internal required TOp Function;
    internal required bool Accumulate;
    internal required int Batch;
    internal required int ChunkImages;

    internal readonly int Chunks => (Batch + ChunkImages - 1) / ChunkImages;

    /// <summary>Rows of the product: a tap and a channel of the result.</summary>
    private readonly int Lines => Taps * Target.Channels;

    /// <summary>
    /// Elements of a row of sums: the places of a phase and a vector beyond at each end, which catches what a tap brings past the image's
    /// side.
    /// </summary>
    private readonly int Pitch => (((Columns.PhaseExtent + TV.Count - 1) / TV.Count) + 2) * TV.Count;

    /// <summary>Elements of the packed weight.</summary>
    internal static long WeightLength(int lines, int depth)
    {
        int tileLines = TileLines(lines);
        return (long)((lines + tileLines - 1) / tileLines) * TileSize<TV, T>.Rows * depth;
    }

    /// <summary>Packs the weight in panels of rows for the micro-kernel: for each depth the rows of a tile.</summary>
    internal static void PackWeight(T* weight, in Conv2dShape shape, bool transposed, T* packed)
    {
        int tileRows = TileSize<TV, T>.Rows, channels = transposed ? shape.Inputs : shape.Outputs,
            depth = transposed ? shape.Outputs : shape.Inputs;
        int lines = shape.LiveTaps * channels, tileLines = TileLines(lines);
        for (int line = 0; line < lines; line += tileLines, packed += (nint)depth * tileRows)
        {
            for (int p = 0; p < depth; p++)
            {
                for (int i = 0; i < tileRows; i++)
                {
                    int tap = (line + i) / channels, channel = (line + i) % channels;
                    nint at = ((nint)tap * channels * depth) + (transposed ? ((nint)channel * depth) + p : ((nint)p * channels) + channel);
                    packed[((nint)p * tileRows) + i] = i < tileLines && line + i < lines ? weight[at] : default;
                }
            }
        }
    }

    /// <summary>Rows of the product that a tile takes: all tiles about as many, because a tile of one row waits for its sums.</summary>
    private static int TileLines(int lines)
    {
        int tiles = (lines + TileSize<TV, T>.Rows - 1) / TileSize<TV, T>.Rows;
        return (lines + tiles - 1) / tiles;
    }

    public readonly void Run(int chunk)
    {
        int bandRows = Math.Clamp(BandPixels / Source.Width, 1, Source.Height);
        int bandPitch = ((bandRows * Source.Width) + TV.Count - 1) / TV.Count * TV.Count;
        long productLength = (long)(Lines + TileSize<TV, T>.Rows) * bandPitch,
            panelLength = (long)Source.Channels * TileSize<TV, T>.Columns;
        long sumsLength = (long)Target.Channels * Target.Height * Columns.Stride * Pitch;
        long lineLength = ((long)Target.Width * Target.Channels) + (2 * TV.Count);
        long bytes = HostMemoryPool.RoundUp((productLength + panelLength + sumsLength + lineLength + TV.Count) * sizeof(T));
        using PoolBlock memory = new(Pool, bytes);
        T* products = (T*)memory.Address, panel = products + productLength, sums = panel + panelLength, tail = sums + sumsLength,
            line = tail + TV.Count;

        // In the last vector of a source row, which ends with the row and so begins before the end of the last but one, the places that
        // are new: below 0.
        int whole = Source.Width / TV.Count * TV.Count, rest = Source.Width - whole;
        for (int i = 0; i < TV.Count; i++) tail[i] = i < TV.Count - rest ? T.One : -T.One;
        int end = Math.Min((chunk + 1) * ChunkImages, Batch);
        for (int image = chunk * ChunkImages; image < end; image++)
        {
            new Span<T>(sums, checked((int)sumsLength)).Clear();
            for (int row = 0; row < Source.Height; row += bandRows)
            {
                int rows = Math.Min(bandRows, Source.Height - row);
                Multiply(Source.At(image, row, 0), rows * Source.Width, panel, products, bandPitch);
                AddRows(row, rows, products, bandPitch, TV.Load(tail), sums);
            }

            Finish(image, sums, line);
        }
    }

    /// <summary>products[tap and channel, pixel] = weight * source, for consecutive pixels.</summary>
    private readonly void Multiply(T* source, int pixels, T* panel, T* products, int pitch)
    {
        int depth = Source.Channels, tileLines = TileLines(Lines);
        ColumnPanels panels = ColumnPanels.Of<TV, T>(1, pixels);
        for (int p = 0; p < panels.Count; p++)
        {
            panels.Locate(p, out _, out int vector, out int vectors);
            int first = vector * TV.Count, width = vectors * TV.Count;
            PanelCopy.Transposed(source + ((nint)first * depth), depth, Math.Min(width, pixels - first), depth, panel, width);
            T* weight = Weight;
            T* next = source + ((nint)(first + width) * depth);
            int share = (((TileSize<TV, T>.Columns * depth) + Lines - 1) / Lines) * tileLines;
            for (int line = 0; line < Lines; line += tileLines, weight += (nint)depth * TileSize<TV, T>.Rows)
            {
                // While one panel is multiplied the next one's pixels are on their way.
                Prefetch.Lines(next, share);
                next += share;
                Panels<T> operands = new(depth, weight, 1, TileSize<TV, T>.Rows, panel, width, null, weight, 0);
                MicroKernel<TV, T>.Run(Math.Min(tileLines, Lines - line), vectors, operands, products + ((nint)line * pitch) + first, pitch,
                    load: false);
            }
        }
    }

    /// <summary>
    /// Adds what rows of the source contribute to the sums: whole rows of them, moved by the tap's place. The taps of one column of the
    /// kernel come first for all rows: the next column's sums are one place further, and would wait for vectors that overlap theirs to be
    /// written.
    /// </summary>
    private readonly void AddRows(int first, int rows, T* products, int pitch, TV tail, T* sums)
    {
        int channels = Target.Channels;
        nint line = Pitch, plane = Target.Height * Columns.Stride * line;
        for (int j = 0; j < Columns.Kernel; j++)
        {
            (int shift, int phase) = Columns.Of(j);
            for (int v = 0; v < rows; v++)
            {
                for (int i = 0; i < Rows.Kernel; i++)
                {
                    int row = ((first + v) * Rows.Stride) + Rows.First + (i * Rows.Step);
                    if (row < 0 || row >= Target.Height || (i * Columns.Kernel) + j >= Taps) continue;
                    T* contribution = products + ((nint)((i * Columns.Kernel) + j) * channels * pitch) + ((nint)v * Source.Width);
                    T* sum = sums + (((row * Columns.Stride) + phase) * line) + TV.Count;
                    for (int c = 0; c < channels; c++, contribution += pitch, sum += plane) AddShifted(contribution, sum, shift, tail);
                }
            }
        }
    }

    /// <summary>sum[x + shift] += contribution[x] where x + shift is a place of the target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddShifted(T* contribution, T* sum, int shift, TV tail)
    {
        int from = Math.Max(-shift, 0), to = Math.Min(Source.Width, Columns.PhaseExtent - shift);
        if (from <= TV.Count && to >= Source.Width - TV.Count && Source.Width >= TV.Count)
        {
            // What reaches past a side by no more than a vector falls into the margins.
            T* target = sum + shift;
            int x = 0;
            for (; x <= Source.Width - TV.Count; x += TV.Count) TV.Store(TV.Load(target + x) + TV.Load(contribution + x), target + x);
            if (x == Source.Width) return;
            x = Source.Width - TV.Count;
            TV fresh = TV.SelectLess(tail, TV.Of(0), TV.Load(contribution + x), TV.Of(0));
            TV.Store(TV.Load(target + x) + fresh, target + x);
            return;
        }

        for (int x = from; x < to; x++) sum[x + shift] = sum[x + shift] + contribution[x];
    }

    /// <summary>Brings phases and channels together and applies the epilogue, row by row.</summary>
    private readonly void Finish(int image, T* sums, T* line)
    {
        int channels = Target.Channels, width = Target.Width * channels;
        nint plane = (nint)Target.Height * Columns.Stride * Pitch;
        for (int y = 0; y < Target.Height; y++)
        {
            T* target = Target.At(image, y, 0);
            for (int c = 0; c < channels; c++)
            {
                T bias = Bias == null ? default : Bias[c];
                for (int phase = 0; phase < Math.Min(Columns.Stride, Target.Width); phase++)
                {
                    T* sum = sums + (c * plane) + ((((nint)y * Columns.Stride) + phase) * Pitch) + TV.Count;
                    int at = (phase * channels) + c;
                    for (int u = 0; at < width; u++, at += Columns.Stride * channels)
                    {
                        T value = Accumulate ? sum[u] + target[at] : sum[u];
                        line[at] = value + bias;
                    }
                }
            }

            for (int x = 0; x < width; x += TV.Count)
            {
                TV value = Function.Apply(TV.Load(line + x) + TV.Of(0));
                if (x + TV.Count <= width)
                {
                    TV.Store(value, target + x);
                    continue;
                }

                TV.Store(value, line + x);
                for (int rest = x; rest < width; rest++) target[rest] = line[rest];
            }
        }
    }
}

/// <summary>Along one axis: source place q and tap k meet in target place q Stride + First + k Step, if that lies in [0, Extent).</summary>
/// <param name="Extent">Places of the target.</param>
/// <param name="SourceExtent">Places of the source.</param>
/// <param name="Kernel">Taps.</param>
/// <param name="Stride">Target places from one source place to the next.</param>
/// <param name="First">The place of the first tap.</param>
/// <param name="Step">Target places from one tap to the next.</param>
internal readonly record struct ScatterAxis(int Extent, int SourceExtent, int Kernel, int Stride, int First, int Step)
{
    /// <summary>A convolution of stride 1: output q + p - k d.</summary>
    internal static ScatterAxis Forward(ConvAxis axis) =>
        new(axis.OutputExtent, axis.InputExtent, axis.Kernel, 1, axis.Before, -axis.Dilation);

    /// <summary>A transposed convolution: result q s + k d - p.</summary>
    internal static ScatterAxis Transposed(ConvAxis axis) =>
        new(axis.InputExtent, axis.OutputExtent, axis.Kernel, axis.Stride, -axis.Before, axis.Dilation);

    /// <summary>Target places with the same remainder by the stride.</summary>
    internal int PhaseExtent => (Extent + Stride - 1) / Stride;

    /// <summary>Where tap k takes the source: target place (q + shift) Stride + phase, phase in [0, Stride).</summary>
    internal (int Shift, int Phase) Of(int tap)
    {
        int offset = First + (tap * Step), shift = (int)Math.Floor((double)offset / Stride);
        return (shift, offset - (shift * Stride));
    }
}
