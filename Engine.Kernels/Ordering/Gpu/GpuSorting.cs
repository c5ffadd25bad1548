namespace Engine.Kernels.Ordering.Gpu;

/// <summary>
/// Sorting on a GPU. In short rows each element counts those that come before it, which is its place: one launch, without a barrier. Long
/// rows go through Batcher's odd-even merge sort (Batcher 1968, "Sorting networks and their applications"; Knuth, The Art of Computer
/// Programming, volume 3, algorithm 5.2.2M), a launch for each of its some log2(n)² / 2 rounds, in which disjoint pairs are compared.
/// </summary>
internal static class GpuSorting
{
    /// <summary>
    /// The longest row that is sorted by counting: n comparisons an element, read from cache by all threads of a warp together, beside 66
    /// launches of the network.
    /// </summary>
    private const int MaxCounted = 2048;

    // Never inlined: its caller is compiled for the host, too, and must not load ILGPU for this branch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void ArgSort(GpuDevice device, Storage x, int rows, int columns, bool descending, int places, Storage indices)
    {
        if (x.DType == DType.Float32) ArgSort<float>(device, x, rows, columns, descending, places, indices);
        else ArgSort<double>(device, x, rows, columns, descending, places, indices);
    }

    private static void ArgSort<T>(GpuDevice device, Storage x, int rows, int columns, bool descending, int places, Storage indices)
        where T : unmanaged, INumber<T>
    {
        if (columns <= MaxCounted)
        {
            device.Launcher(CountKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                x.Length, ViewOf<T>(x), columns, descending ? 1 : 0, places, ViewOf<int>(indices));
            return;
        }

        Merge<T>(device, x, rows, columns, descending, places, indices);
    }

    /// <summary>The network, on rows of any length.</summary>
    internal static void Merge<T>(GpuDevice device, Storage x, int rows, int columns, bool descending, int places, Storage indices)
        where T : unmanaged, INumber<T>
    {
        Storage order = device.Allocate(DType.Int32, checked(rows * columns));
        try
        {
            device.Launcher(PositionsKernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                order.Length, ViewOf<int>(order), columns);
            var compare = device.Launcher(
                CompareKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel));
            for (long run = 1; run < columns; run *= 2)
            {
                for (long distance = run; distance > 0; distance /= 2) compare(
                    order.Length, ViewOf<T>(x), columns, descending ? 1 : 0, (int)run, (int)distance, ViewOf<int>(order));
            }

            device.Launcher(FirstKernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                indices.Length, ViewOf<int>(order), columns, places, ViewOf<int>(indices));
        }
        finally
        {
            order.Release();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Take(GpuDevice device, Storage x, int columns, Storage indices, int places, Storage y)
    {
        if (x.DType.SizeInBytes() == 8) Take<ulong>(device, x, columns, indices, places, y);
        else Take<uint>(device, x, columns, indices, places, y);
    }

    private static void Take<T>(GpuDevice device, Storage x, int columns, Storage indices, int places, Storage y) where T : unmanaged =>
        device.Launcher(TakeKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, ViewOf<T>(x), columns, ViewOf<int>(indices), places, ViewOf<T>(y));

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Put(GpuDevice device, Storage g, Storage indices, int places, int columns, Storage y)
    {
        if (g.DType.SizeInBytes() == 8) Put<ulong>(device, g, indices, places, columns, y);
        else Put<uint>(device, g, indices, places, columns, y);
    }

    private static void Put<T>(GpuDevice device, Storage g, Storage indices, int places, int columns, Storage y) where T : unmanaged =>
        device.Launcher(PutKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            g.Length, ViewOf<T>(g), ViewOf<int>(indices), places, columns, ViewOf<T>(y));

    /// <summary>One thread finds the place of one element.</summary>
    private static void CountKernel<T>(Index1D i, ArrayView<T> x, int columns, int descending, int places, ArrayView<int> indices)
        where T : unmanaged, INumber<T>
    {
        int row = i / columns, own = i % columns, start = row * columns, place = 0;
        T value = x[start + own];
        for (int j = 0; j < columns; j++)
        {
            if (IsBefore(x[start + j], j, value, own, descending)) place++;
        }

        if (place < places) indices[(row * places) + place] = own;
    }

    private static void PositionsKernel(Index1D i, ArrayView<int> order, int columns) => order[i] = i % columns;

    /// <summary>
    /// A round of the merge sort in which sorted runs of a length become runs of twice the length: places that are a distance apart are
    /// compared, where the first one starts such a pair and both are in one run of the result.
    /// </summary>
    private static void CompareKernel<T>(
        Index1D i, ArrayView<T> x, int columns, int descending, int run, int distance, ArrayView<int> order)
        where T : unmanaged, INumber<T>
    {
        int start = i / columns * columns, place = i % columns, shifted = place - (distance % run), other = place + distance;
        if (shifted < 0 || (shifted / distance % 2) != 0 || other >= columns || place / run / 2 != other / run / 2) return;
        int a = order[start + place], b = order[start + other];
        if (!IsBefore(x[start + b], b, x[start + a], a, descending)) return;
        order[start + place] = b;
        order[start + other] = a;
    }

    private static void FirstKernel(Index1D i, ArrayView<int> order, int columns, int places, ArrayView<int> indices) =>
        indices[i] = order[(i / places * columns) + (i % places)];

    private static void TakeKernel<T>(Index1D i, ArrayView<T> x, int columns, ArrayView<int> indices, int places, ArrayView<T> y)
        where T : unmanaged => y[i] = x[(i / places * columns) + indices[i]];

    private static void PutKernel<T>(Index1D i, ArrayView<T> g, ArrayView<int> indices, int places, int columns, ArrayView<T> y)
        where T : unmanaged => y[(i / places * columns) + indices[i]] = g[i];

    /// <summary>Whether an element comes before another: by value, NaN being the largest, then by position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsBefore<T>(T a, int i, T b, int j, int descending) where T : unmanaged, INumber<T>
    {
        bool aIsNaN = T.IsNaN(a), bIsNaN = T.IsNaN(b);
        bool isLess = a < b || (bIsNaN && !aIsNaN), isGreater = a > b || (aIsNaN && !bIsNaN);
        return descending != 0 ? isGreater || (!isLess && i < j) : isLess || (!isGreater && i < j);
    }
}
