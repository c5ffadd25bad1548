namespace Engine.Kernels.Gemm;

/// <summary>Where the result of a product goes.</summary>
/// <param name="Elements">The first element.</param>
/// <param name="RowStride">Elements from one row to the next.</param>
/// <param name="ColumnStride">Elements from one column to the next: 1, unless the product is computed transposed.</param>
/// <param name="ItemStride">Elements from one matrix of the batch to the next.</param>
internal readonly unsafe struct Output<T>(T* elements, nint rowStride, nint columnStride, nint itemStride) where T : unmanaged
{
    internal readonly nint RowStride = rowStride;
    internal readonly nint ColumnStride = columnStride;

    internal T* At(int item, int row, int column) => elements + (item * itemStride) + (row * RowStride) + (column * ColumnStride);
}
