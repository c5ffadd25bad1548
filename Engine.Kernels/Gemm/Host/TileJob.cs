using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// Computes tiles of C: runs the micro-kernel, applies the epilogue after the last depth, and sees to tiles that overhang C.
/// </summary>
/// <param name="output">C.</param>
/// <param name="bias">What is added to the sums.</param>
/// <param name="epilogue">What is applied to the sums.</param>
/// <param name="finish">Whether bias or epilogue do anything.</param>
internal readonly unsafe struct TileJob<TV, T, TEpilogue>(Output<T> output, Bias<T> bias, TEpilogue epilogue, bool finish)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
    where TEpilogue : struct, IEpilogue<T>
{
    /// <summary>C += (or =, without <paramref name="load"/>) panels; <paramref name="last"/> says that no depth is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Run(in Tile tile, in Panels<T> panels, bool load, bool last, in Workspace<TV, T> work)
    {
        nint width = tile.Vectors * TV.Count;
        if (tile.Columns == width && output.RowsAreContiguous)
        {
            T* c = output.At(tile);
            MicroKernel<TV, T>.Run(tile.Rows, tile.Vectors, panels, c, output.RowStride, load);
            if (last && finish) Finish(tile, c, output.RowStride, work);
        }
        else
        {
            RunBeside(tile, panels, load, last, work);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunBeside(in Tile tile, in Panels<T> panels, bool load, bool last, in Workspace<TV, T> work)
    {
        nint width = tile.Vectors * TV.Count;

        // A tile that overhangs C, or lies across it, is computed beside it: by the same kernel, hence to the same bits.
        if (load) output.Read(tile, work.Tile, width);
        MicroKernel<TV, T>.Run(tile.Rows, tile.Vectors, panels, work.Tile, width, load);
        if (last && finish) Finish(tile, work.Tile, width, work);
        output.Write<TV>(tile, work.Tile, width);
    }

    private void Finish(in Tile tile, T* c, nint stride, in Workspace<TV, T> work)
    {
        T* ofColumns = BiasOfColumns(tile, work);
        for (int i = 0; i < tile.Rows; i++, c += stride)
        {
            TV ofRow = bias.OfRows && !bias.IsNone ? TV.Fill(bias.Elements[tile.Row + i]) : TV.Of(0);
            for (int j = 0; j < tile.Vectors * TV.Count; j += TV.Count)
            {
                TV b = ofColumns == null ? ofRow : TV.Load(ofColumns + j);
                TV.Store(epilogue.Apply(TV.Load(c + j), b), c + j);
            }
        }
    }

    /// <summary>The bias of the tile's columns, in whole vectors; null where it does not differ from column to column.</summary>
    private T* BiasOfColumns(in Tile tile, in Workspace<TV, T> work)
    {
        if (bias.IsNone || bias.OfRows) return null;
        T* own = bias.Elements + tile.Column;
        if (tile.Columns == tile.Vectors * TV.Count) return own;
        for (int j = 0; j < tile.Vectors * TV.Count; j++) work.Bias[j] = j < tile.Columns ? own[j] : default;
        return work.Bias;
    }
}
