namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rounds one operand of a product to what tensor cores take, and lays it out as they take it: neighbours in depth side by side. Each
/// thread makes one chunk of 16 bytes. Where neighbours in memory are neighbours in depth, neighbouring threads take neighbouring chunks of
/// a line; else they take neighbouring lines, so that either way a warp reads what lies side by side. It reads and writes each operand
/// once: of a product of 4096 x 4096 x 4096, a tenth of the time that the product itself takes.
/// </summary>
internal static class OperandPacking
{
    internal static Storage Run<TRounding>(GpuDevice device, in PackedLayout layout, Storage operand)
        where TRounding : unmanaged, IOperandRounding
    {
        Storage packed = device.Allocate(DType.Int32, checked((int)(layout.Length * 4)));
        device.Launcher(Kernel<TRounding>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            checked((int)layout.Length), layout, ViewOf<FloatScalar>(operand), ViewOf<Chunk>(packed));
        return packed;
    }

    private static void Kernel<TRounding>(Index1D i, PackedLayout layout, ArrayView<FloatScalar> operand, ArrayView<Chunk> packed)
        where TRounding : unmanaged, IOperandRounding
    {
        int chunks = layout.Chunks;
        int lines = layout.PackedLines;
        int chunk = layout.DepthStride == 1 ? i % chunks : i / lines % chunks;
        int line = layout.DepthStride == 1 ? i / chunks % lines : i % lines;
        int product = i / chunks / lines;
        int depth = chunk * TRounding.PerChunk;
        int at = (product * layout.BatchStride) + (line * layout.LineStride) + (depth * layout.DepthStride);
        int left = line < layout.Lines ? layout.Depth - depth : 0;
        int step = layout.DepthStride;
        packed[(((product * lines) + line) * chunks) + chunk] = TRounding.PerChunk == 4
            ? new Chunk(
                TRounding.Pack(Read(operand, at, 0, step, left), 0), TRounding.Pack(Read(operand, at, 1, step, left), 0),
                TRounding.Pack(Read(operand, at, 2, step, left), 0), TRounding.Pack(Read(operand, at, 3, step, left), 0))
            : new Chunk(
                TRounding.Pack(Read(operand, at, 0, step, left), Read(operand, at, 1, step, left)),
                TRounding.Pack(Read(operand, at, 2, step, left), Read(operand, at, 3, step, left)),
                TRounding.Pack(Read(operand, at, 4, step, left), Read(operand, at, 5, step, left)),
                TRounding.Pack(Read(operand, at, 6, step, left), Read(operand, at, 7, step, left)));
    }

    private static float Read(ArrayView<FloatScalar> operand, int at, int offset, int step, int left) =>
        offset < left ? operand[at + (offset * step)].Value : 0;
}

/// <summary>
/// How one packed operand lies in memory: products of the batch, lines (rows of op(A), columns of op(B)) of each, and along each line its
/// depths. Lines are filled up with zeros to whole tiles and depths to whole steps, so that the kernel of the products never checks
/// whether it is still inside.
/// </summary>
internal readonly struct PackedLayout
{
    /// <summary>Of the operand in memory: lines, depth, products, and elements from one to the next.</summary>
    internal readonly int Lines, Depth, LineStride, DepthStride, BatchStride;

    /// <summary>Of the packed operand: lines of a product, chunks of a line, products.</summary>
    internal readonly int PackedLines, Chunks, Products;

    internal PackedLayout(int lines, int depth, int lineStride, int depthStride, int batchStride, int batch, int perChunk)
    {
        (Lines, Depth, LineStride, DepthStride, BatchStride) = (lines, depth, lineStride, depthStride, batchStride);
        PackedLines = (lines + TensorTile.Tile - 1) / TensorTile.Tile * TensorTile.Tile;
        int step = TensorTile.ChunksOfStep * perChunk;
        Chunks = (depth + step - 1) / step * TensorTile.ChunksOfStep;
        Products = batchStride == 0 ? 1 : batch;
    }

    /// <summary>
    /// Of an image: pixels are lines, with the channels of a group as their depth, and each group is a product. Nothing is filled up but a
    /// pixel's last chunk.
    /// </summary>
    internal PackedLayout(int pixels, int channels, int groups, int perChunk)
    {
        (Lines, Depth, LineStride, DepthStride, BatchStride) = (pixels, channels / groups, channels, 1, channels / groups);
        PackedLines = pixels;
        Chunks = (Depth + perChunk - 1) / perChunk;
        Products = groups;
    }

    internal static PackedLayout OfA(in MatMulShape shape, in MatMulLayout layout, int perChunk) =>
        new(layout.M, layout.K, layout.LineA, layout.DepthA, layout.BatchA, shape.Batch, perChunk);

    internal static PackedLayout OfB(in MatMulShape shape, in MatMulLayout layout, int perChunk) =>
        new(layout.N, layout.K, layout.LineB, layout.DepthB, layout.BatchB, shape.Batch, perChunk);

    /// <summary>Chunks of a product.</summary>
    internal long ChunksOfProduct => (long)PackedLines * Chunks;

    /// <summary>All chunks.</summary>
    internal long Length => ChunksOfProduct * Products;
}

/// <summary>What tensor cores take instead of float32.</summary>
internal interface IOperandRounding
{
    /// <summary>Elements in 16 bytes.</summary>
    static abstract int PerChunk { get; }

    /// <summary>
    /// Two neighbouring elements, or one, as they lie in memory; <paramref name="second"/> is ignored where one element takes four bytes.
    /// </summary>
    static abstract uint Pack(float first, float second);
}

/// <summary>TF32: a float32 whose last 13 bits are zero, rounded to nearest, halves away from zero, as cvt.rna.tf32 does.</summary>
internal readonly struct Tf32Rounding : IOperandRounding
{
    public static int PerChunk => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second)
    {
        uint bits = Interop.FloatAsInt(first);
        if ((bits & 0x7F800000u) != 0x7F800000u) return (bits + 0x1000u) & 0xFFFFE000u;

        // Infinities stay; what is cut off a NaN must not make it one.
        return (bits & 0x007FFFFFu) != 0 ? (bits | 0x00400000u) & 0xFFFFE000u : bits;
    }
}

/// <summary>
/// bfloat16: the upper half of a float32, rounded to nearest, halves to even; two in four bytes, the first one in the lower half.
/// </summary>
internal readonly struct BFloat16Rounding : IOperandRounding
{
    public static int PerChunk => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second) => (Round(first) >> 16) | (Round(second) & 0xFFFF0000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        if ((bits & 0x7F800000u) != 0x7F800000u) return bits + 0x7FFFu + ((bits >> 16) & 1u);
        return (bits & 0x007FFFFFu) != 0 ? bits | 0x00400000u : bits;
    }
}

/// <summary>Sixteen bytes of a packed operand: four TF32 or eight bfloat16 elements, neighbours in depth.</summary>
internal readonly struct Chunk(uint x, uint y, uint z, uint w)
{
    internal readonly uint X = x, Y = y, Z = z, W = w;
}
