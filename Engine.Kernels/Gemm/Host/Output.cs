using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm.Host;

/// <summary>Where the result of a product goes.</summary>
/// <param name="elements">The first element.</param>
/// <param name="rowStride">Elements from one row to the next.</param>
/// <param name="columnStride">Elements from one column to the next: 1, unless the product is computed transposed.</param>
/// <param name="itemStride">Elements from one matrix of the batch to the next.</param>
internal readonly unsafe struct Output<T>(T* elements, nint rowStride, nint columnStride, nint itemStride) where T : unmanaged
{
    /// <summary>Elements from one row to the next.</summary>
    internal readonly nint RowStride = rowStride;

    /// <summary>Whether the columns of a row lie side by side.</summary>
    internal bool RowsAreContiguous => columnStride == 1;

    /// <summary>The first element of a tile.</summary>
    internal T* At(in Tile tile) => elements + (tile.Item * itemStride) + (tile.Row * RowStride) + (tile.Column * columnStride);

    /// <summary>Copies what the output holds at a tile to a dense one of the given width.</summary>
    internal void Read(in Tile tile, T* dense, nint width)
    {
        T* c = At(tile);
        for (int i = 0; i < tile.Rows; i++, dense += width, c += RowStride)
            for (int j = 0; j < tile.Columns; j++) dense[j] = c[j * columnStride];
    }

    /// <summary>Copies a dense tile of the given width to its place; what overhangs is left out.</summary>
    internal void Write<TV>(in Tile tile, T* dense, nint width) where TV : unmanaged, IVectorLane<TV, T>
    {
        T* c = At(tile);
        int whole = RowsAreContiguous ? tile.Columns / TV.Count * TV.Count : 0;
        for (int i = 0; i < tile.Rows; i++, dense += width, c += RowStride)
        {
            for (int j = 0; j < whole; j += TV.Count) TV.Store(TV.Load(dense + j), c + j);
            for (int j = whole; j < tile.Columns; j++) c[j * columnStride] = dense[j];
        }
    }
}
