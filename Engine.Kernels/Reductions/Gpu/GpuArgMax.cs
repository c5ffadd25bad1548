namespace Engine.Kernels.Reductions.Gpu;

/// <summary>The positions of the largest elements as GPU kernels.</summary>
/// <remarks>
/// Along the innermost axis a team of threads (<see cref="IRowTeam"/>) searches a row: neighbouring threads read neighbouring elements, and
/// the candidates of the threads are compared by shuffles. Along another axis neighbouring outputs read neighbouring elements already, so
/// that a thread searches a column by itself.
/// </remarks>
internal static class GpuArgMax
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Run(GpuDevice device, Storage x, int extent, int inner, Storage y)
    {
        if (x.DType == DType.Float32) Run<float>(device, x, extent, inner, y);
        else Run<double>(device, x, extent, inner, y);
    }

    private static void Run<T>(GpuDevice device, Storage x, int extent, int inner, Storage y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (inner > 1)
        {
            device.Launcher(ColumnKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                y.Length, ViewOf<T>(x), extent, inner, ViewOf<int>(y));
            return;
        }

        RowLaunch launch = new(device, y.Length, extent);
        device.Launcher(
            launch.Choose(RowKernel<T, OneThread>, RowKernel<T, OneWarp>, RowKernel<T, OneGroup>),
            static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            launch.Config, ViewOf<T>(x), extent, T.NegativeInfinity, ViewOf<int>(y));
    }

    /// <summary>
    /// A team searches a row. A thread loads four elements, a team's width apart, before it compares the first; where one is past the end
    /// of the row, the last element is looked at again.
    /// </summary>
    private static void RowKernel<T, TTeam>(ArrayView<T> x, int extent, T lowest, ArrayView<int> y)
        where T : unmanaged, INumber<T>
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= y.IntLength) return;
        int start = row * extent, size = TTeam.Size, last = extent - 1;
        FirstOfLargest<T> op = default;

        // What every element is before: the lowest value after the end of the row.
        Candidate<T> best = new(lowest, extent);
        for (int i = TTeam.Thread; i < extent; i += 4 * size)
        {
            int j = IntrinsicMath.Min(i + size, last), k = IntrinsicMath.Min(i + (2 * size), last),
                l = IntrinsicMath.Min(i + (3 * size), last);
            T a = x[start + i], b = x[start + j], c = x[start + k], d = x[start + l];
            best = op.Combine(best, op.Combine(op.Combine(new(a, i), new(b, j)), op.Combine(new(c, k), new(d, l))));
        }

        best = TTeam.Combine(best, op);
        if (TTeam.Thread == 0) y[row] = best.Index;
    }

    /// <summary>A thread searches a column from its start, and stops at the first NaN, which is larger than everything.</summary>
    private static void ColumnKernel<T>(Index1D i, ArrayView<T> x, int extent, int inner, ArrayView<int> y)
        where T : unmanaged, INumber<T>
    {
        int at = (i / inner * extent * inner) + (i % inner), best = 0;
        T maximum = x[at];
        for (int place = 1; place < extent && !T.IsNaN(maximum); place++)
        {
            at += inner;
            T candidate = x[at];
            if (candidate > maximum || T.IsNaN(candidate))
            {
                best = place;
                maximum = candidate;
            }
        }

        y[i] = best;
    }

    /// <summary>An element and its position in its row.</summary>
    internal readonly struct Candidate<T>(T value, int index) where T : unmanaged
    {
        internal readonly T Value = value;
        internal readonly int Index = index;
    }

    /// <summary>The larger of two elements, NaN being the largest; of equal ones the first.</summary>
    internal readonly struct FirstOfLargest<T> : ICombination<Candidate<T>> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Candidate<T> Combine(Candidate<T> a, Candidate<T> b)
        {
            bool aIsNaN = T.IsNaN(a.Value), bIsNaN = T.IsNaN(b.Value);
            bool isLarger = b.Value > a.Value || (bIsNaN && !aIsNaN), isEqual = b.Value == a.Value || (aIsNaN && bIsNaN);
            return isLarger || (isEqual && b.Index < a.Index) ? b : a;
        }
    }
}
