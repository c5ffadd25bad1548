using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The gradient of the weight at the points of <see cref="WinogradTransform"/>: from y = A' [(G w) * (B' x)] follows dw = G' [(A dy) * (B'
/// x)], summed over all tiles. A chunk is some of the input channels, with all outputs; the tiles come in blocks, whose transforms are no
/// longer than the block.
/// </summary>
internal unsafe struct WinogradGradientJob<TV, T> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int Points2 = WinogradTransform.Points2, Outputs = WinogradTransform.Outputs,
        Taps = WinogradAxis.Taps;

    /// <summary>Tiles of a block: the depth of its products.</summary>
    private const int BlockTiles = 64;

    internal required HostMemoryPool Pool;

    /// <summary>The plan of the convolution, not of its transpose.</summary>
    internal required WinogradPlan Plan;
    internal required Images<T> Input;
    internal required Images<T> Gradient;
    internal required T* Target;
    internal required bool Accumulate;
    internal required ColumnPanels Panels;

    /// <summary>Input channels of a chunk, whole vectors.</summary>
    internal required int ChunkChannels;

    internal readonly int Chunks => (Plan.Depth + ChunkChannels - 1) / ChunkChannels;

    /// <summary>Elements from one point of the gradient to the next.</summary>
    private readonly nint GradientStep => ((nint)BlockTiles * Plan.Channels) + WinogradTransform.Apart;

    public readonly void Run(int chunk)
    {
        int channel = chunk * ChunkChannels, channels = Math.Min(ChunkChannels, Plan.Depth - channel);
        long inputLength = Points2 * InputStep(channels), gradientLength = Points2 * GradientStep;
        long sumsLength = (long)Plan.Products * channels * Plan.Channels, between = 2 * Points2 * TV.Count,
            zeros = Math.Max(Plan.Depth, Plan.Channels);
        long bytes = HostMemoryPool.RoundUp(
            ((inputLength + gradientLength + sumsLength + between + zeros) * sizeof(T)) + (Points2 * sizeof(T*)));
        using PoolBlock memory = new(Pool, bytes);
        T* sums = (T*)memory.Address;
        Work work = new(sums + sumsLength, inputLength, gradientLength, between, zeros);
        new Span<T>(work.Zeros, (int)zeros).Clear();
        ulong begun = 0;
        for (int kind = 0; kind < WinogradKind.Count; kind++)
        {
            WinogradKind tiles = new(Plan, kind);
            for (long tile = 0; tile < tiles.Tiles; tile += BlockTiles) Block(tiles, tile, channel, channels, ref begun, sums, work);
        }

        TransformSums(channel, channels, begun, sums, work);
    }

    /// <summary>The memory of a chunk.</summary>
    private readonly struct Work(T* block, long inputLength, long gradientLength, long between, long zeros)
    {
        /// <summary>
        /// Of one phase: [point, tile, channels of the chunk]. The next phase takes its place, so that it stays in the cache.
        /// </summary>
        internal readonly T* Inputs = block;

        /// <summary>[point, panel, tile, columns of the panel]</summary>
        internal readonly T* Gradients = block + inputLength;

        /// <summary>A vector of a tile between and after the passes of a transform.</summary>
        internal readonly T* Between = block + inputLength + gradientLength;

        /// <summary>A pixel of zeros: the padding, and what lies beyond the image.</summary>
        internal readonly T* Zeros = block + inputLength + gradientLength + between;

        internal readonly T** Pixels = (T**)(block + inputLength + gradientLength + between + zeros);
    }

    /// <summary>Elements from one point of the inputs to the next.</summary>
    private static nint InputStep(int channels) => ((nint)BlockTiles * channels) + WinogradTransform.Apart;

    /// <summary>Adds what some tiles of a kind contribute. A bit for each point says whether its sums have begun.</summary>
    private readonly void Block(in WinogradKind kind, long first, int channel, int channels, ref ulong begun, T* sums, in Work work)
    {
        int tiles = (int)Math.Min(BlockTiles, kind.Tiles - first);
        for (int t = 0; t < tiles; t++) TransformGradient(kind, first + t, t, work);
        for (int phase = 0; phase < Plan.Phases; phase++)
        {
            for (int t = 0; t < tiles; t++) TransformInput(kind, first + t, t, phase, channel, channels, work);
            sums = Multiply(kind, phase, tiles, channels, begun, sums, work);
        }

        for (int point = 0; point < Points2; point++)
            if (kind.Uses(point)) begun |= 1UL << point;
    }

    private readonly void TransformInput(in WinogradKind kind, long tile, int t, int phase, int channel, int channels, in Work work)
    {
        Plan.FindPixels(kind, tile, phase, Input, channel, work.Zeros, work.Pixels);
        WinogradTiles<TV, T>.Input(
            work.Pixels, kind.Rows, kind.Columns, channels, work.Between, work.Inputs + ((nint)t * channels), InputStep(channels));
    }

    private readonly void TransformGradient(in WinogradKind kind, long tile, int t, in Work work)
    {
        kind.Locate(tile, out int image, out int y, out int x);
        for (int i = 0; i < Outputs; i++)
        {
            for (int j = 0; j < Outputs; j++)
            {
                bool inside = i < kind.Rows && j < kind.Columns;
                work.Pixels[(i * Outputs) + j] = inside ? Gradient.At(image, y + i, x + j) : work.Zeros;
            }
        }

        for (int p = 0; p < Panels.Count; p++)
        {
            Panels.Locate(p, out _, out int vector, out int vectors);
            T* panel = work.Gradients + (((nint)vector * BlockTiles) + ((nint)t * vectors)) * TV.Count;
            for (int v = 0; v < vectors; v++)
            {
                WinogradTiles<TV, T>.OutputGradient(
                    work.Pixels, (nint)(vector + v) * TV.Count, kind.Rows, kind.Columns, work.Between, panel + (v * TV.Count),
                    GradientStep);
            }
        }
    }

    /// <summary>
    /// sums += inputs' * gradients at every point of a phase: [phase, point, panel, tile of channels, rows of the tile, columns of the
    /// panel]. Returns where the next phase begins.
    /// </summary>
    private readonly T* Multiply(in WinogradKind kind, int phase, int tiles, int channels, ulong begun, T* sums, in Work work)
    {
        int tileRows = TileSize<TV, T>.Rows;
        nint plane = (nint)channels * Plan.Channels;
        T** rows = stackalloc T*[8];
        Segment segment = new(0, 0, tiles);
        for (int point = 0; point < Points2; point++)
        {
            if (Plan.IsZero(phase, point)) continue;
            T* sum = sums;
            sums += plane;
            if (!kind.Uses(point)) continue;
            T* inputs = work.Inputs + (point * InputStep(channels)), gradients = work.Gradients + (point * GradientStep);
            for (int p = 0; p < Panels.Count; p++)
            {
                Panels.Locate(p, out _, out int vector, out int vectors);
                int width = vectors * TV.Count;
                T* panel = gradients + ((nint)vector * TV.Count * BlockTiles);
                for (int c = 0; c < channels; c += tileRows, sum += (nint)tileRows * width)
                {
                    for (int i = 0; i < tileRows; i++) rows[i] = inputs + c + i;
                    MicroKernel<TV, T>.Run(rows, channels, vectors, panel, width, &segment, 1, sum, width, (begun >> point & 1) != 0);
                }
            }
        }

        return sums;
    }

    private readonly void TransformSums(int channel, int channels, ulong begun, T* sums, in Work work)
    {
        int count = TV.Count;
        nint plane = (nint)channels * Plan.Channels;
        T* points = work.Inputs, taps = work.Between + (Points2 * count);
        for (int phase = 0; phase < Plan.Phases; phase++)
        {
            int products = 0;
            for (int point = 0; point < Points2; point++)
                if (!Plan.IsZero(phase, point)) products++;
            for (int p = 0; p < Panels.Count; p++)
            {
                Panels.Locate(p, out _, out int vector, out int vectors);
                int width = vectors * count;
                for (int c = 0; c < channels; c++)
                {
                    // Tiles of rows lie one after the other, so the row of a channel is at c times the width.
                    T* row = sums + ((nint)vector * count * channels) + ((nint)c * width);
                    for (int v = 0; v < width; v += count)
                    {
                        T* sum = row + v;
                        for (int point = 0; point < Points2; point++)
                        {
                            bool zero = Plan.IsZero(phase, point);
                            bool none = zero || (begun >> point & 1) == 0;
                            TV.Store(none ? TV.Of(0) : TV.Load(sum), points + (point * count));
                            if (!zero) sum += plane;
                        }

                        WinogradTiles<TV, T>.KernelGradient(points, work.Between, taps);
                        WriteTaps(phase, taps, ((nint)(channel + c) * Plan.Channels) + (vector * count) + v);
                    }
                }
            }

            sums += products * plane;
        }
    }

    private readonly void WriteTaps(int phase, T* taps, nint at)
    {
        nint tap = (nint)Plan.Depth * Plan.Channels;
        for (int y = 0; y < Taps; y++)
        {
            int i = Plan.Rows.Kernel(phase / Plan.Columns.Stride, y);
            for (int x = 0; x < Taps; x++)
            {
                int j = Plan.Columns.Kernel(phase % Plan.Columns.Stride, x);
                if (i < 0 || j < 0 || (i * Plan.Shape.KernelWidth) + j >= Plan.Shape.LiveTaps) continue;
                T* place = Target + ((((nint)i * Plan.Shape.KernelWidth) + j) * tap) + at;
                TV value = TV.Load(taps + (((y * Taps) + x) * TV.Count));
                TV.Store(Accumulate ? TV.Load(place) + value : value, place);
            }
        }
    }
}
