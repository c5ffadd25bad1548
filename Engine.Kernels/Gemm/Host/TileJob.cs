namespace Engine.Kernels.Gemm.Host;

/// <summary>
/// Computes tiles of C: runs the micro-kernel, applies bias and activation after the last depth, and handles tiles that overhang C.
/// </summary>
/// <param name="output">C.</param>
/// <param name="bias">What is added to the sums.</param>
/// <param name="activation">What is applied last.</param>
internal readonly unsafe struct TileJob<TV, T, TOp>(Output<T> output, Bias<T> bias, TOp activation)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
    where TOp : unmanaged, IUnaryOp
{
    /// <summary>Whether bias or activation change anything.</summary>
    private bool HasEpilogue => typeof(TOp) != typeof(Identity) || !bias.IsNone;

    /// <summary>C += (or =, without <paramref name="load"/>) panels; <paramref name="last"/> says that no depth is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Run(in Tile tile, in Panels<T> panels, bool load, bool last, in Workspace<TV, T> work)
    {
        nint width = tile.Vectors * TV.Count;
        if (tile.Columns == width && output.RowsAreContiguous)
        {
            T* c = output.At(tile);
            MicroKernel<TV, T>.Run(tile.Rows, tile.Vectors, panels, c, output.RowStride, load);
            if (last && HasEpilogue) Finish(tile, c, output.RowStride, work);
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

        // A tile that overhangs C, or is computed transposed, is computed outside it: by the same kernel, hence to the same bits.
        if (load) output.Read(tile, work.Tile, width);
        MicroKernel<TV, T>.Run(tile.Rows, tile.Vectors, panels, work.Tile, width, load);
        if (last && HasEpilogue) Finish(tile, work.Tile, width, work);
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
                TV.Store(activation.Apply(TV.Load(c + j) + b), c + j);
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

/// <summary>The part of C that one run of the micro-kernel computes.</summary>
/// <param name="Item">The product in the batch.</param>
/// <param name="Row">Its first row.</param>
/// <param name="Rows">Its rows, at most those of a register tile.</param>
/// <param name="Column">Its first column.</param>
/// <param name="Columns">Its columns: fewer than the vectors hold where it overhangs C.</param>
/// <param name="Vectors">Vectors in a row.</param>
internal readonly record struct Tile(int Item, int Row, int Rows, int Column, int Columns, int Vectors);

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

/// <summary>
/// What is added to the sums: one element for each column of the output, or for each row where the product is computed transposed.
/// </summary>
internal readonly unsafe struct Bias<T>(T* elements, bool ofRows) where T : unmanaged
{
    /// <summary>The elements; null adds nothing.</summary>
    internal readonly T* Elements = elements;

    /// <summary>Whether there is one for each row.</summary>
    internal readonly bool OfRows = ofRows;

    /// <summary>Whether there is nothing to add.</summary>
    internal bool IsNone => Elements == null;
}
