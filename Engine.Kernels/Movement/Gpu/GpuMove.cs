namespace Engine.Kernels.Movement.Gpu;

/// <summary>
/// Moves of elements on a GPU. What the public methods call is never inlined: they are compiled for the host, too, and must not load ILGPU
/// for their other branch.
/// </summary>
internal static class GpuMove
{
    private const int MaxScatterThreads = 256;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Copy(GpuDevice device, Storage x, int xStart, Storage y, int yStart, in StridedCopy copy)
    {
        // Bits are moved, whatever they mean: float and int take the same path.
        if (x.DType.SizeInBytes() == 8) Copy<ulong>(device, x, xStart, y, yStart, copy);
        else Copy<uint>(device, x, xStart, y, yStart, copy);
    }

    private static void Copy<T>(GpuDevice device, Storage x, int xStart, Storage y, int yStart, in StridedCopy copy)
        where T : unmanaged
    {
        device.Launcher(CopyKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            copy.Count, new CopyWalk(copy), ViewOf<T>(x), xStart, ViewOf<T>(y), yStart);
    }

    /// <summary>One thread moves one element: neighbouring threads write neighbouring elements.</summary>
    private static void CopyKernel<T>(Index1D i, CopyWalk walk, ArrayView<T> x, int xStart, ArrayView<T> y, int yStart) where T : unmanaged
    {
        int left = i;
        int from = xStart, to = yStart;
        for (int axis = walk.Rank - 1; axis >= 0; axis--)
        {
            int place = axis == 0 ? left : left % walk.Extents[axis];
            if (axis > 0) left /= walk.Extents[axis];
            from += place * walk.From[axis];
            to += place * walk.To[axis];
        }

        y[to] = x[from];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Fill(GpuDevice device, Storage y, double value)
    {
        switch (y.DType)
        {
            case DType.Float32: Fill(device, y, (float)value); break;
            case DType.Float64: Fill<double>(device, y, value); break;
            default: Fill(device, y, int.CreateSaturating(value)); break;
        }
    }

    private static void Fill<T>(GpuDevice device, Storage y, T value) where T : unmanaged
    {
        device.Launcher(FillKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, ViewOf<T>(y), value);
    }

    private static void FillKernel<T>(Index1D i, ArrayView<T> y, T value) where T : unmanaged => y[i] = value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Convert(GpuDevice device, Storage x, Storage y)
    {
        switch (x.DType, y.DType)
        {
            case (DType.Float32, DType.Float64): Convert<float, double, FloatToDouble>(device, x, y); break;
            case (DType.Float32, _): Convert<float, int, FloatToInt>(device, x, y); break;
            case (DType.Float64, DType.Float32): Convert<double, float, DoubleToFloat>(device, x, y); break;
            case (DType.Float64, _): Convert<double, int, DoubleToInt>(device, x, y); break;
            case (_, DType.Float32): Convert<int, float, IntToFloat>(device, x, y); break;
            default: Convert<int, double, IntToDouble>(device, x, y); break;
        }
    }

    private static void Convert<TFrom, TTo, TConversion>(GpuDevice device, Storage x, Storage y)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConversion : struct, IConversion<TFrom, TTo>
    {
        device.Launcher(ConvertKernel<TFrom, TTo, TConversion>,
            static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, ViewOf<TFrom>(x), ViewOf<TTo>(y));
    }

    private static void ConvertKernel<TFrom, TTo, TConversion>(Index1D i, ArrayView<TFrom> x, ArrayView<TTo> y)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConversion : struct, IConversion<TFrom, TTo> => y[i] = TConversion.Of(x[i]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Gather(GpuDevice device, Storage x, int width, Storage indices, Storage y)
    {
        if (x.DType.SizeInBytes() == 8) Gather<ulong>(device, x, width, indices, y);
        else Gather<uint>(device, x, width, indices, y);
    }

    private static void Gather<T>(GpuDevice device, Storage x, int width, Storage indices, Storage y) where T : unmanaged
    {
        device.Launcher(GatherKernel<T>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, ViewOf<T>(x), width, ViewOf<int>(indices), ViewOf<T>(y));
    }

    /// <summary>One thread fetches one element.</summary>
    private static void GatherKernel<T>(Index1D i, ArrayView<T> x, int width, ArrayView<int> indices, ArrayView<T> y) where T : unmanaged =>
        y[i] = x[(indices[i / width] * width) + (i % width)];

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void ScatterAdd(GpuDevice device, Storage g, Storage indices, Storage y, int width)
    {
        switch (g.DType)
        {
            case DType.Float32: ScatterAdd<float>(device, g, indices, y, width); break;
            case DType.Float64: ScatterAdd<double>(device, g, indices, y, width); break;
            default: ScatterAdd<int>(device, g, indices, y, width); break;
        }
    }

    private static void ScatterAdd<T>(GpuDevice device, Storage g, Storage indices, Storage y, int width)
        where T : unmanaged, IAdditionOperators<T, T, T>
    {
        int warp = device.Accelerator.WarpSize, threads = Math.Min(MaxScatterThreads, (int)(((long)width + warp - 1) / warp * warp));
        device.Launcher(ScatterAddKernel<T>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            new KernelConfig(y.Length / width, threads), ViewOf<T>(g), ViewOf<int>(indices), ViewOf<T>(y), width);
    }

    /// <summary>
    /// A group adds to one row of the table, a thread to every <c>Group.DimX</c>th of its elements. It looks at the indices in blocks of
    /// one for each thread, and votes: only a block that names the row is walked, in rising order, so that the sums are those of the host.
    /// Atomic additions would round differently from run to run.
    /// </summary>
    private static void ScatterAddKernel<T>(ArrayView<T> g, ArrayView<int> indices, ArrayView<T> y, int width)
        where T : unmanaged, IAdditionOperators<T, T, T>
    {
        int row = Grid.IdxX, count = indices.IntLength;
        for (int start = 0; start < count; start += Group.DimX)
        {
            int own = start + Group.IdxX;
            if (!Group.BarrierOr(own < count && indices[own] == row)) continue;
            int end = IntrinsicMath.Min(start + Group.DimX, count);
            for (int column = Group.IdxX; column < width; column += Group.DimX)
            {
                T sum = y[(row * width) + column];
                for (int k = start; k < end; k++)
                {
                    if (indices[k] == row) sum += g[(k * width) + column];
                }

                y[(row * width) + column] = sum;
            }
        }
    }
}

/// <summary>A <see cref="StridedCopy"/> as GPU kernels take it.</summary>
internal readonly struct CopyWalk
{
    internal readonly int Rank;
    internal readonly AxisValues Extents, From, To;

    internal CopyWalk(in StridedCopy copy)
    {
        Span<int> extents = stackalloc int[Shape.MaxRank];
        Span<int> from = stackalloc int[Shape.MaxRank];
        Span<int> to = stackalloc int[Shape.MaxRank];
        Rank = copy.Rank;
        for (int axis = 0; axis < Rank; axis++) (extents[axis], from[axis], to[axis]) = (copy.Extent(axis), copy.From(axis), copy.To(axis));
        Extents = new(extents);
        From = new(from);
        To = new(to);
    }
}
