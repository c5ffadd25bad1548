namespace Engine.Kernels.Gates.Gpu;

internal static class GpuGateRows
{
    /// <summary>The output from x, or with g the gradient of x.</summary>
    internal readonly record struct Pass<TGate>(
        TGate Gate, Storage? G, Storage X, Storage? Residual, int Rows, int Width, Storage Result) : IScalarWork
        where TGate : unmanaged, IGate
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            int threads = checked(Rows * Quads(Width));
            ArrayView<TLane> x = ViewOf<TLane>(X), result = ViewOf<TLane>(Result);
            if (G is null)
            {
                device.Launcher(ForwardKernel<TGate, TLane>,
                    static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                    threads, Gate, Width, x, Residual is null ? 0 : 1, ViewOf<TLane>(Residual ?? X), result);
                return;
            }

            device.Launcher(BackwardKernel<TGate, TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                threads, Gate, Width, ViewOf<TLane>(G), x, result);
        }
    }

    /// <summary>Threads of a row: each has four neighbours, or what is left of them.</summary>
    internal static int Quads(int width) => (width + 3) / 4;

    /// <summary>One thread computes four neighbours of the output.</summary>
    private static void ForwardKernel<TGate, TLane>(
        Index1D i, TGate gate, int width, ArrayView<TLane> x, int hasResidual, ArrayView<TLane> residual, ArrayView<TLane> y)
        where TGate : unmanaged, IGate
        where TLane : unmanaged, ILane<TLane>
    {
        int quads = Quads(width), column = i % quads * 4, one = (i / quads * width) + column, two = one + (i / quads * width),
            left = width - column;
        bool isWide = width % 4 == 0;
        Four<TLane> a = Fours.Load(x, two, left, isWide, TLane.Of(0)), b = Fours.Load(x, two + width, left, isWide, TLane.Of(0));
        Four<TLane> gated = new(gate.Apply(a.X, b.X), gate.Apply(a.Y, b.Y), gate.Apply(a.Z, b.Z), gate.Apply(a.W, b.W));
        if (hasResidual != 0)
        {
            Four<TLane> r = Fours.Load(residual, one, left, isWide, TLane.Of(0));
            gated = new(r.X + gated.X, r.Y + gated.Y, r.Z + gated.Z, r.W + gated.W);
        }

        Fours.Store(y, one, left, isWide, gated);
    }

    /// <summary>One thread computes both elements of the gradient that belong to each of four neighbours of the output.</summary>
    private static void BackwardKernel<TGate, TLane>(
        Index1D i, TGate gate, int width, ArrayView<TLane> g, ArrayView<TLane> x, ArrayView<TLane> dx)
        where TGate : unmanaged, IGate
        where TLane : unmanaged, ILane<TLane>
    {
        int quads = Quads(width), column = i % quads * 4, one = (i / quads * width) + column, two = one + (i / quads * width),
            left = width - column;
        bool isWide = width % 4 == 0;
        Four<TLane> of = Fours.Load(g, one, left, isWide, TLane.Of(0)), a = Fours.Load(x, two, left, isWide, TLane.Of(0)),
            b = Fours.Load(x, two + width, left, isWide, TLane.Of(0));
        gate.Gradient(of.X, a.X, b.X, out TLane a0, out TLane b0);
        gate.Gradient(of.Y, a.Y, b.Y, out TLane a1, out TLane b1);
        gate.Gradient(of.Z, a.Z, b.Z, out TLane a2, out TLane b2);
        gate.Gradient(of.W, a.W, b.W, out TLane a3, out TLane b3);
        Fours.Store(dx, two, left, isWide, new Four<TLane>(a0, a1, a2, a3));
        Fours.Store(dx, two + width, left, isWide, new Four<TLane>(b0, b1, b2, b3));
    }
}
