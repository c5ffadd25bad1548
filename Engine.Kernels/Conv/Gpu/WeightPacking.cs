using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Conv.Gpu;

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
        Action<Index1D, TProduct, PackedWeightLayout, ArrayView<FloatScalar>, ArrayView<Chunk>> kernel = Kernel<TRounding, TProduct>;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            chunks, product, layout, GpuStorage.ViewOf<FloatScalar>(weight), GpuStorage.ViewOf<Chunk>(packed));
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
