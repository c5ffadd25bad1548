using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution or its transpose by <see cref="WinogradPlan"/>. A chunk is some of the tiles, which come block by block: their inputs are
/// transformed to the points and stay in the second-level cache; the transformed weight comes panel by panel, and the sums of a panel are
/// transformed back at once. Nothing transformed is longer than a block.
/// </summary>
internal unsafe struct WinogradJob<TV, T, TOp> : IJob
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : unmanaged, IUnaryOp
{
    private const int Points2 = WinogradTransform.Points2, Outputs = WinogradTransform.Outputs;

    internal required HostMemoryPool Pool;
    internal required WinogradPlan Plan;
    internal required ColumnPanels Panels;

    /// <summary>The transformed weight: <see cref="WinogradWeightJob{TV, T}"/>.</summary>
    internal required T* Weight;
    internal required Images<T> Source;
    internal required TileWriter<TV, T, TOp> Target;

    /// <summary>Tiles of a block.</summary>
    internal required int BlockTiles;

    /// <summary>Blocks of a chunk.</summary>
    internal required int ChunkBlocks;

    /// <summary>Blocks of all kinds of tiles; a block has tiles of one kind.</summary>
    internal readonly int Blocks
    {
        get
        {
            int blocks = 0;
            for (int kind = 0; kind < WinogradKind.Count; kind++) blocks += BlocksOf(new WinogradKind(Plan, kind));
            return blocks;
        }
    }

    internal readonly int Chunks => (Blocks + ChunkBlocks - 1) / ChunkBlocks;

    /// <summary>Depths of all source phases.</summary>
    private readonly int Depths => Plan.SourcePhases * Plan.Depth;

    /// <summary>Elements from one point of the inputs to the next.</summary>
    private readonly nint InputStep => ((nint)BlockTiles * Depths) + WinogradTransform.Apart;

    /// <summary>Tiles of a block whose transformed inputs take about a third of a second-level cache.</summary>
    internal static int TilesOfABlock(in WinogradPlan plan)
    {
        long bytes = 400 << 10;
        const int least = 8, most = 32;
        long tile = (long)Points2 * plan.SourcePhases * plan.Depth * sizeof(T);
        return (int)Math.Clamp(bytes / tile / least * least, least, most);
    }

    public readonly void Run(int chunk)
    {
        long inputLength = Points2 * InputStep, sumsLength = (long)Points2 * BlockTiles * TileSize<TV, T>.Columns;
        long elements = inputLength + sumsLength + (2 * Points2 * TV.Count) + Plan.Depth + TileSize<TV, T>.Columns;
        long bytes = HostMemoryPool.RoundUp((elements * sizeof(T)) + (Points2 * sizeof(T*)) + (Plan.SourcePhases * sizeof(Segment)));
        using PoolBlock memory = new(Pool, bytes);
        Work work = new((T*)memory.Address, inputLength, sumsLength, Plan.Depth);
        new Span<T>(work.Zeros, Plan.Depth).Clear();
        int begin = chunk * ChunkBlocks, end = begin + ChunkBlocks;
        for (int kind = 0; kind < WinogradKind.Count; kind++)
        {
            WinogradKind tiles = new(Plan, kind);
            int blocks = BlocksOf(tiles);
            for (int block = Math.Max(begin, 0); block < Math.Min(end, blocks); block++) Block(tiles, (long)block * BlockTiles, work);
            begin -= blocks;
            end -= blocks;
        }
    }

    /// <summary>The memory of a chunk.</summary>
    private readonly struct Work(T* block, long inputLength, long sumsLength, int depth)
    {
        /// <summary>[point, tile, source phase, depth]</summary>
        internal readonly T* Inputs = block;

        /// <summary>[point, tile, columns of a panel]</summary>
        internal readonly T* Sums = block + inputLength;

        /// <summary>A tile between the two passes of a transform.</summary>
        internal readonly T* Between = block + inputLength + sumsLength;

        /// <summary>A tile after them.</summary>
        internal readonly T* After = block + inputLength + sumsLength + (Points2 * TV.Count);

        /// <summary>A pixel of zeros: the padding.</summary>
        internal readonly T* Zeros = block + inputLength + sumsLength + (2 * Points2 * TV.Count);

        internal readonly T* Bias = block + inputLength + sumsLength + (2 * Points2 * TV.Count) + depth;

        internal readonly T** Pixels = (T**)(block + inputLength + sumsLength + (2 * Points2 * TV.Count) + depth + TileSize<TV, T>.Columns);

        internal Segment* Segments => (Segment*)(Pixels + Points2);
    }

    private readonly int BlocksOf(in WinogradKind kind) => (int)((kind.Tiles + BlockTiles - 1) / BlockTiles);

    private readonly void Block(in WinogradKind kind, long first, in Work work)
    {
        int tiles = (int)Math.Min(BlockTiles, kind.Tiles - first);
        TransformInputs(kind, first, tiles, work);
        for (int phase = 0; phase < Plan.TargetPhases; phase++)
        {
            T* weight = Weight + Plan.WeightAt(phase, Panels, 0, 0, 0, 0);
            for (int p = 0; p < Panels.Count; p++)
            {
                Panels.Locate(p, out _, out int vector, out int vectors);
                weight = Multiply(kind, phase, tiles, vectors, weight, work);
                TransformOutputs(kind, first, tiles, phase, vector * TV.Count, vectors, work);
            }
        }
    }

    private readonly void TransformInputs(in WinogradKind kind, long first, int tiles, in Work work)
    {
        for (int t = 0; t < tiles; t++)
        {
            for (int phase = 0; phase < Plan.SourcePhases; phase++)
            {
                Plan.FindPixels(kind, first + t, phase, Source, 0, work.Zeros, work.Pixels);
                WinogradTiles<TV, T>.Input(
                    work.Pixels, kind.Rows, kind.Columns, Plan.Depth, work.Between,
                    work.Inputs + ((nint)t * Depths) + ((nint)phase * Plan.Depth), InputStep);
            }
        }
    }

    /// <summary>The products at all points for a panel of columns; returns where the next panel's weight begins.</summary>
    private readonly T* Multiply(in WinogradKind kind, int phase, int tiles, int vectors, T* weight, in Work work)
    {
        int tileRows = TileSize<TV, T>.Rows, width = vectors * TV.Count;
        T** rows = stackalloc T*[8];
        for (int point = 0; point < Points2; point++)
        {
            T* inputs = work.Inputs + (point * InputStep), sums = work.Sums + ((nint)point * BlockTiles * width);
            int segments = 0;
            nint depth = 0;
            for (int source = 0; source < Plan.SourcePhases; source++)
            {
                if (Plan.IsZero(Plan.Transposed ? phase : source, point)) continue;
                work.Segments[segments++] = new Segment((nint)source * Plan.Depth, depth * width, Plan.Depth);
                depth += Plan.Depth;
            }

            for (int t = 0; t < tiles && kind.Uses(point); t += tileRows)
            {
                for (int i = 0; i < tileRows; i++) rows[i] = inputs + ((nint)Math.Min(t + i, tiles - 1) * Depths);
                MicroKernel<TV, T>.Run(rows, 1, vectors, weight, width, work.Segments, segments, sums + ((nint)t * width), width,
                    load: false);
            }

            weight += (depth * width) + WinogradTransform.Apart;
        }

        return weight;
    }

    private readonly void TransformOutputs(in WinogradKind kind, long first, int tiles, int phase, int column, int vectors, in Work work)
    {
        int width = vectors * TV.Count;
        int strideY = Plan.Transposed ? Plan.Rows.Stride : 1, strideX = Plan.Transposed ? Plan.Columns.Stride : 1;
        int height = Plan.Transposed ? Plan.Shape.Height : Plan.Shape.OutputHeight,
            across = Plan.Transposed ? Plan.Shape.Width : Plan.Shape.OutputWidth;
        Target.PrepareBias(column, width, vectors, work.Bias);
        for (int t = 0; t < tiles; t++)
        {
            kind.Locate(first + t, out int image, out int y, out int x);
            for (int v = 0; v < width; v += TV.Count)
            {
                WinogradTiles<TV, T>.Output(
                    work.Sums + ((nint)t * width) + v, (nint)BlockTiles * width, kind.Rows, kind.Columns, work.Between, work.After);
                TV bias = TV.Load(work.Bias + v);
                for (int i = 0; i < kind.Rows; i++)
                {
                    int row = ((y + i) * strideY) + (phase / strideX);
                    if (row >= height) break;
                    for (int j = 0; j < kind.Columns; j++)
                    {
                        int place = ((x + j) * strideX) + (phase % strideX);
                        if (place >= across) break;
                        Target.Write(TV.Load(work.After + (((i * Outputs) + j) * TV.Count)), bias,
                            Target.At(image, row, place) + column + v);
                    }
                }
            }
        }
    }
}
