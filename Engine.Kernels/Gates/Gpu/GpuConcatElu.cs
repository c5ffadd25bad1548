namespace Engine.Kernels.Gates.Gpu;

/// <summary>The output from x, or with g the gradient of x.</summary>
internal readonly record struct GpuConcatElu(Storage? G, Storage X, int Rows, int Width, Storage Result) : IScalarWork
{
    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        device.Launcher(Kernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            checked(Rows * GpuGateRows.Quads(Width)), Width, ViewOf<TLane>(G ?? X), G is null ? 0 : 1,
            ViewOf<TLane>(X), ViewOf<TLane>(Result));
    }

    /// <summary>One thread for four neighbours of x: it computes both of the output for each, or the one of the gradient.</summary>
    private static void Kernel<TLane>(
        Index1D i, int width, ArrayView<TLane> g, int hasGradient, ArrayView<TLane> x, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int quads = GpuGateRows.Quads(width), column = i % quads * 4, one = (i / quads * width) + column, two = one + (i / quads * width),
            left = width - column;
        bool isWide = width % 4 == 0;
        Four<TLane> of = Fours.Load(x, one, left, isWide, TLane.Of(0));
        if (hasGradient != 0)
        {
            Four<TLane> a = Fours.Load(g, two, left, isWide, TLane.Of(0)), b = Fours.Load(g, two + width, left, isWide, TLane.Of(0));
            Fours.Store(result, one, left, isWide,
                new Four<TLane>(ConcatElu.Slope(a.X, b.X, of.X), ConcatElu.Slope(a.Y, b.Y, of.Y), ConcatElu.Slope(a.Z, b.Z, of.Z),
                    ConcatElu.Slope(a.W, b.W, of.W)));
            return;
        }

        ConcatElu.Both(of.X, out TLane p0, out TLane n0);
        ConcatElu.Both(of.Y, out TLane p1, out TLane n1);
        ConcatElu.Both(of.Z, out TLane p2, out TLane n2);
        ConcatElu.Both(of.W, out TLane p3, out TLane n3);
        Fours.Store(result, two, left, isWide, new Four<TLane>(p0, p1, p2, p3));
        Fours.Store(result, two + width, left, isWide, new Four<TLane>(n0, n1, n2, n3));
    }
}
