namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// How one packed operand lies in memory: products of the batch, lines (rows of op(A), columns of op(B)) of each, and along each line its
/// depths. Lines are filled up with zeros to whole tiles and depths to whole steps, so that the kernel of the products asks nowhere whether
/// it is still inside.
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
