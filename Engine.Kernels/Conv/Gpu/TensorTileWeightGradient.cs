using Engine.Kernels.Gemm.Gpu;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rungs 5 and 6 for the gradient of the weight, whose rows are taps and channels of the input, whose columns are channels of the output,
/// and which sums over the pixels of all images. Neighbours in memory are channels, and so neighbouring lines of both operands, not
/// neighbours in depth as <see cref="TensorTileConv2d"/> wants them. The tiles lie as the images do, pixel by pixel, 128 lines side by
/// side, and each lane reads its own elements.
///
/// A thread copies the same four lines, of one tap, at every fourth pixel of a step of 16, so what it has to find is only where the tap
/// meets the image there. Chunk c of pixel k is at place c ^ (2 (k % 4)): the 8 lines and 4 depths that a warp reads at once lie in all 32
/// banks. Always TF32, for bfloat16 too: elements of 2 bytes would have to be transposed.
/// </summary>
internal static class TensorTileWeightGradient
{
    /// <summary>Pixels of a step.</summary>
    private const int StepDepth = 16;

    /// <summary>Bytes of 128 lines at one depth.</summary>
    private const int DepthBytes = 4 * TensorTile.Tile;

    internal static void Run<TActivation>(
        GpuDevice device, WeightGradientProduct product, in Conv2dArguments arguments, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        int outputs = product.ResultChannels, groups = product.Parts;
        PackedLayout image = TensorTileConv2d.ImageOf(product, arguments.A.Length, Tf32Rounding.PerChunk),
            gradient = new(product.Depth, outputs, groups, Tf32Rounding.PerChunk);
        Storage packedImage = OperandPacking.Run<Tf32Rounding>(device, image, arguments.A),
            packedGradient = OperandPacking.Run<Tf32Rounding>(device, gradient, arguments.B);
        Index3D grid = new(
            (PackedRows(product, image) + TensorTile.Tile - 1) / TensorTile.Tile, (product.Columns + TensorTile.Tile - 1) / TensorTile.Tile,
            Math.Min(groups * arguments.Splits, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(TensorTile.Threads, 1, 1)), product, arguments.Views<FloatScalar>(), image,
            AddressOf(packedImage), gradient, AddressOf(packedGradient), activation);

        // Launches run in order on one stream: the next user of this memory runs after the product.
        packedImage.Release();
        packedGradient.Release();
    }

    /// <summary>Rows with each tap's channels filled up to whole chunks.</summary>
    internal static int PackedRows(WeightGradientProduct product, PackedLayout image) => product.Rows / product.Channels * image.Chunks * 4;

    private static void Kernel<TActivation>(
        WeightGradientProduct product, Conv2dViews<FloatScalar> views, PackedLayout image, long a, PackedLayout gradient, long b,
        TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> shared = SharedMemory.Allocate<Four<FloatScalar>>(TensorTile.SharedFours);
        int thread = Group.IdxX;
        int firstRow = Grid.IdxX * TensorTile.Tile;
        int firstColumn = Grid.IdxY * TensorTile.Tile;

        // Of the thread's lines, four of each operand: their chunk in the tile and in a pixel, and the tap of those of A.
        int ownDepth = thread / 32;
        int copyTo = (ownDepth * DepthBytes) + (((thread % 32) ^ (2 * ownDepth)) * 16);
        int chunkA = (firstRow / 4) + (thread % 32);
        int chunkB = (firstColumn / 4) + (thread % 32);
        int taps = product.Rows / product.Channels;
        int tap = chunkA / image.Chunks;

        // A lane's elements: depth lane % 4, line lane / 4 of each piece.
        int depthOfLane = thread % 4;
        int readA = (depthOfLane * DepthBytes) + ((TensorTile.WarpRow(thread) + (thread % 32 / 4)) * 4);
        int readB = TensorTile.OperandBytes + (depthOfLane * DepthBytes) + ((TensorTile.WarpColumn(thread) + (thread % 32 / 4)) * 4);
        CudaAsm.Emit(TensorTilePtx.Declare);
        int items = product.Parts * views.Splits;
        for (int item = Grid.IdxZ; item < items; item += Grid.DimZ)
        {
            int split = item % views.Splits;
            WeightGradientProduct part = product.Part(item / views.Splits);
            int start = split * views.SplitDepth;
            int end = views.EndOf(split, part.Depth);
            Conv2dLine line = part.Line(IntrinsicMath.Min(tap, taps - 1) * part.Channels);
            long fromA = a + ((((long)part.Group * image.PackedLines * image.Chunks) + (chunkA % image.Chunks)) * 16L);
            long fromB = b + ((((long)part.Group * gradient.PackedLines * gradient.Chunks) + IntrinsicMath.Min(chunkB, gradient.Chunks - 1))
                * 16L);
            CudaAsm.Emit(TensorTilePtx.Clear);
            int depth = start + ownDepth;
            for (int ahead = 0; ahead < TensorTile.Stages - 1; ahead++, depth += StepDepth)
                Start(part, line, tap < taps, chunkB < gradient.Chunks, depth, end, copyTo + (ahead * TensorTile.StageBytes), fromA,
                    image.Chunks, fromB, gradient.Chunks);

            int stage = 0;
            int free = (TensorTile.Stages - 1) * TensorTile.StageBytes;
            for (int first = start; first < end; first += StepDepth, depth += StepDepth)
            {
                AsyncCopy.WaitForAllButOne();
                Group.Barrier();
                Start(part, line, tap < taps, chunkB < gradient.Chunks, depth, end, copyTo + free, fromA, image.Chunks, fromB,
                    gradient.Chunks);
                CudaAsm.Emit(TransposedTilePtx.StepTf32, stage + readA, stage + readB, depthOfLane * 32);
                CudaAsm.Emit(TransposedTilePtx.StepTf32, stage + (8 * DepthBytes) + readA, stage + (8 * DepthBytes) + readB,
                    depthOfLane * 32);
                free = stage;
                stage = stage == (TensorTile.Stages - 1) * TensorTile.StageBytes ? 0 : stage + TensorTile.StageBytes;
            }

            AsyncCopy.WaitForAll();
            int row = firstRow + TensorTile.WarpRow(thread);
            int column = firstColumn + TensorTile.WarpColumn(thread);
            for (int sixteen = 0; sixteen < 4; sixteen++, row += 16)
            {
                Group.Barrier();
                TensorTile.StoreSums(sixteen, thread);
                Group.Barrier();
                for (int four = thread % 32; four < 16 * 16; four += 32)
                {
                    // From rows whose taps are filled up to chunks to those of the weight.
                    int packedRow = row + (four / 16);
                    int channel = packedRow % (image.Chunks * 4);
                    int ownRow = (packedRow / (image.Chunks * 4) * part.Channels) + channel;
                    if (channel < part.Channels) views.Write(
                        part, split, ownRow, column + (four % 16 * 4), shared[TensorTile.SumsAt(four, thread)], activation);
                }
            }

            // The next item's first tiles go where the last sums are read.
            Group.Barrier();
        }
    }

    /// <summary>
    /// Starts the copies of a step's pixels, every fourth from <paramref name="depth"/> on; zeros outside the operands and in the padding.
    /// </summary>
    private static void Start(
        WeightGradientProduct part, Conv2dLine line, bool hasRows, bool hasColumns, int depth, int end, int to, long fromA, int chunksA,
        long fromB, int chunksB)
    {
        for (int i = 0; i < 4; i++, depth += 4, to += 4 * DepthBytes)
        {
            bool inside = depth < end;
            int pixel = inside && hasRows ? part.PixelOf(line, depth) : -1;
            int place = inside && hasColumns ? depth : -1;
            CudaAsm.Emit(TensorTilePtx.CopyChunk, to, fromA + (IntrinsicMath.Max(pixel, 0) * (long)chunksA * 16L), pixel >= 0 ? 16 : 0);
            CudaAsm.Emit(TensorTilePtx.CopyChunk, to + TensorTile.OperandBytes, fromB + (IntrinsicMath.Max(place, 0) * (long)chunksB * 16L),
                place >= 0 ? 16 : 0);
        }

        AsyncCopy.Commit();
    }
}
