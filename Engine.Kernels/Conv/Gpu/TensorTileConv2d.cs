using Engine.Kernels.Gemm.Gpu;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rungs 5 and 6 of the convolutions: the tiles and the multiplications of <see cref="TensorTileMatMul"/>, with a left operand that is
/// found in the image. The image is rounded first, each pixel's channels filled up to whole chunks of 16 bytes
/// (<see cref="OperandPacking"/>); it stays an image, no matrix of patches is made. A thread copies a chunk of four rows in a step: which
/// tap and which channels it belongs to is the same for all four, and which pixel each row meets there is a few additions; in the padding
/// the copy is of zeros.
///
/// It serves the convolution and the gradient of its input, in which neighbours in depth are channels of a pixel. In the gradient of the
/// weight they are pixels, and lie apart: <see cref="TensorTileWeightGradient"/>.
/// </summary>
internal static class TensorTileConv2d
{
    internal static void Run<TRounding, TProduct, TActivation>(
        GpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        PackedLayout image = ImageOf(product, arguments.A.Length, TRounding.PerChunk);
        PackedWeightLayout weight = PackedWeightLayout.Of(product, TRounding.PerChunk);
        Storage packedImage = OperandPacking.Run<TRounding>(device, image, arguments.A),
            packedWeight = WeightPacking.Run<TRounding, TProduct>(device, product, weight, arguments.B);
        Index3D grid = new(
            (product.Rows + TensorTile.Tile - 1) / TensorTile.Tile, weight.Columns / TensorTile.Tile,
            Math.Min(product.Parts * arguments.Splits, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TRounding, TProduct, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(TensorTile.Threads, 1, 1)), product, arguments.Views<FloatScalar>(), image,
            AddressOf(packedImage), weight, AddressOf(packedWeight), activation);

        // Launches run in order on one stream: the next user of this memory runs after the product.
        packedImage.Release();
        packedWeight.Release();
    }

    /// <summary>How the image of a product lies in memory when it is packed.</summary>
    internal static PackedLayout ImageOf<TProduct>(TProduct product, int length, int perChunk)
        where TProduct : unmanaged, IConv2dProduct<TProduct> =>
        new(length / product.SourceChannels, product.SourceChannels, product.SourceChannels / product.Channels, perChunk);

    private static void Kernel<TRounding, TProduct, TActivation>(
        TProduct product, Conv2dViews<FloatScalar> views, PackedLayout image, long a, PackedWeightLayout weight, long b,
        TActivation activation)
        where TRounding : unmanaged, IOperandRounding
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> shared = SharedMemory.Allocate<Four<FloatScalar>>(TensorTile.SharedFours);
        int thread = Group.IdxX;
        int firstRow = Grid.IdxX * TensorTile.Tile;
        int firstColumn = Grid.IdxY * TensorTile.Tile;
        int copyTo = TensorTile.CopyTo(thread);
        int pieceA = TensorTile.PieceA(thread);
        int pieceB = TensorTile.PieceB(thread);
        CudaAsm.Emit(TensorTilePtx.Declare);
        int items = product.Parts * views.Splits;
        for (int item = Grid.IdxZ; item < items; item += Grid.DimZ)
        {
            int index = item / views.Splits;
            int split = item % views.Splits;
            TProduct part = product.Part(index);
            if (firstRow >= part.Rows) continue;
            int taps = part.Depth / part.Channels;
            int allSteps = ((taps * weight.TapChunks) + TensorTile.ChunksOfStep - 1) / TensorTile.ChunksOfStep;
            int splitSteps = (allSteps + views.Splits - 1) / views.Splits;
            int firstStep = split * splitSteps;
            int steps = IntrinsicMath.Max(IntrinsicMath.Min(splitSteps, allSteps - firstStep), 0);
            Rows<TProduct> rows = new(part, firstRow + (thread / 4), taps, image, a);
            int chunk = (firstStep * TensorTile.ChunksOfStep) + (thread % 4);
            long fromB = b + (((((long)index * weight.Columns) + firstColumn + (thread / 4)) * weight.Chunks) + chunk) * 16L;
            long furtherB = weight.Chunks * (32L * 16L);
            CudaAsm.Emit(TensorTilePtx.Clear);
            for (int ahead = 0; ahead < TensorTile.Stages - 1; ahead++, chunk += TensorTile.ChunksOfStep, fromB += TensorTile.LineBytes)
                Start(ahead < steps, rows, chunk, copyTo + (ahead * TensorTile.StageBytes), fromB, furtherB);

            int stage = 0;
            int free = (TensorTile.Stages - 1) * TensorTile.StageBytes;
            for (int step = 0; step < steps; step++, chunk += TensorTile.ChunksOfStep, fromB += TensorTile.LineBytes)
            {
                AsyncCopy.WaitForAllButOne();
                Group.Barrier();
                Start(step + TensorTile.Stages - 1 < steps, rows, chunk, copyTo + free, fromB, furtherB);
                TensorTile.Multiply<TRounding>(stage, pieceA, pieceB);
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
                    views.Write(part, split, row + (four / 16), column + (four % 16 * 4), shared[TensorTile.SumsAt(four, thread)],
                        activation);
            }

            // The next item's first tiles go where the last sums are read.
            Group.Barrier();
        }
    }

    private static void Start<TProduct>(bool any, Rows<TProduct> rows, int chunk, int to, long fromB, long furtherB)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        if (any)
        {
            rows.Start(chunk, to);
            CudaAsm.Emit(TensorTilePtx.Copy, to + TensorTile.OperandBytes, fromB, furtherB);
        }

        AsyncCopy.Commit();
    }

    /// <summary>The four rows that a thread copies chunks of: from one row on, 32 apart.</summary>
    private readonly struct Rows<TProduct> where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        private readonly TProduct _part;
        private readonly Conv2dLine _line0, _line1, _line2, _line3;
        private readonly int _first, _taps, _tapChunks;
        private readonly long _address;

        internal Rows(TProduct part, int first, int taps, PackedLayout image, long a)
        {
            (_part, _first, _taps, _tapChunks) = (part, first, taps, image.Chunks);
            _line0 = part.Line(first);
            _line1 = part.Line(first + 32);
            _line2 = part.Line(first + 64);
            _line3 = part.Line(first + 96);
            _address = a + ((long)part.Group * image.PackedLines * image.Chunks * 16L);
        }

        internal void Start(int chunk, int to)
        {
            int tap = chunk / _tapChunks;
            int within = chunk % _tapChunks;
            Row(_line0, _first, tap, within, to);
            Row(_line1, _first + 32, tap, within, to + (32 * TensorTile.LineBytes));
            Row(_line2, _first + 64, tap, within, to + (64 * TensorTile.LineBytes));
            Row(_line3, _first + 96, tap, within, to + (96 * TensorTile.LineBytes));
        }

        private void Row(Conv2dLine line, int row, int tap, int within, int to)
        {
            int pixel = row < _part.Rows && tap < _taps ? _part.PixelOf(line, tap) : -1;
            CudaAsm.Emit(TensorTilePtx.CopyChunk, to, _address + (((IntrinsicMath.Max(pixel, 0) * (long)_tapChunks) + within) * 16L),
                pixel >= 0 ? 16 : 0);
        }
    }
}

/// <summary>
/// Rounds the weight of a convolution to what tensor cores take, and lays it out as <see cref="TensorTileConv2d"/> takes it: for each part
/// [column, tap, channel], each tap's channels filled up with zeros to whole chunks of 16 bytes, columns to whole tiles and the depth to
/// whole steps. A thread makes a chunk.
/// </summary>
internal static class WeightPacking
{
    internal static Storage Run<TRounding, TProduct>(GpuDevice device, TProduct product, in PackedWeightLayout layout, Storage weight)
        where TRounding : unmanaged, IOperandRounding
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        int chunks = checked(layout.Parts * layout.Columns * layout.Chunks);
        Storage packed = device.Allocate(DType.Int32, checked(chunks * 4));
        device.Launcher(Kernel<TRounding, TProduct>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            chunks, product, layout, ViewOf<FloatScalar>(weight), ViewOf<Chunk>(packed));
        return packed;
    }

    private static void Kernel<TRounding, TProduct>(
        Index1D i, TProduct product, PackedWeightLayout layout, ArrayView<FloatScalar> weight, ArrayView<Chunk> packed)
        where TRounding : unmanaged, IOperandRounding
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        int chunk = i % layout.Chunks;
        int column = i / layout.Chunks % layout.Columns;
        TProduct part = product.Part(i / layout.Chunks / layout.Columns);
        int tap = chunk / layout.TapChunks;
        int channel = chunk % layout.TapChunks * TRounding.PerChunk;
        int depth = (tap * part.Channels) + channel;
        int left = column < part.Columns && depth < part.Depth ? part.Channels - channel : 0;
        packed[i] = TRounding.PerChunk == 4
            ? new Chunk(
                TRounding.Pack(Read(weight, part, depth, 0, column, left), 0),
                TRounding.Pack(Read(weight, part, depth, 1, column, left), 0),
                TRounding.Pack(Read(weight, part, depth, 2, column, left), 0),
                TRounding.Pack(Read(weight, part, depth, 3, column, left), 0))
            : new Chunk(
                TRounding.Pack(Read(weight, part, depth, 0, column, left), Read(weight, part, depth, 1, column, left)),
                TRounding.Pack(Read(weight, part, depth, 2, column, left), Read(weight, part, depth, 3, column, left)),
                TRounding.Pack(Read(weight, part, depth, 4, column, left), Read(weight, part, depth, 5, column, left)),
                TRounding.Pack(Read(weight, part, depth, 6, column, left), Read(weight, part, depth, 7, column, left)));
    }

    private static float Read<TProduct>(ArrayView<FloatScalar> weight, TProduct part, int depth, int offset, int column, int left)
        where TProduct : unmanaged, IConv2dProduct<TProduct> =>
        offset < left ? weight[part.AtB(depth + offset, column)].Value : 0;
}

/// <summary>How a packed weight lies in memory.</summary>
internal readonly struct PackedWeightLayout
{
    /// <summary>
    /// Parts of the product; columns of each, filled up to whole tiles; chunks of a column, filled up to whole steps; and chunks of a tap.
    /// </summary>
    internal readonly int Parts, Columns, Chunks, TapChunks;

    private PackedWeightLayout(int parts, int columns, int chunks, int tapChunks) =>
        (Parts, Columns, Chunks, TapChunks) = (parts, columns, chunks, tapChunks);

    internal static PackedWeightLayout Of<TProduct>(TProduct product, int perChunk) where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        int tapChunks = (product.Channels + perChunk - 1) / perChunk, taps = 0;
        for (int part = 0; part < product.Parts; part++) taps = Math.Max(taps, product.Part(part).Depth / product.Channels);
        int chunks = ((taps * tapChunks) + TensorTile.ChunksOfStep - 1) / TensorTile.ChunksOfStep * TensorTile.ChunksOfStep;
        return new(product.Parts, (product.Columns + TensorTile.Tile - 1) / TensorTile.Tile * TensorTile.Tile, chunks, tapChunks);
    }
}
