namespace Engine.Kernels.Mapping.Gpu;

/// <summary>Elementwise operations as GPU kernels.</summary>
/// <remarks>
/// An elementwise operation does a few instructions for each element that it moves, so the best it can do is to move them as fast as a
/// copy: every byte once, enough of them in flight (see <see cref="Fours"/>), and little arithmetic on indices. There are three forms,
/// which give the same bits.
/// <list type="bullet">
/// <item>FlatKernel: all arguments have the output's shape. A thread takes four neighbours, 16 bytes of each array, and divides nothing.
/// </item>
/// <item>FourKernel: some are broadcast, and the length of a row is a multiple of four. A thread takes four neighbours of a row, and finds
/// its place with one division for each axis and four elements.</item>
/// <item>MapKernel: anything else. A thread computes one element.</item>
/// </list>
/// </remarks>
internal static class GpuMap
{
    internal readonly record struct Pass<TOp>(
        TOp Op, BroadcastPlan Plan, Storage Output, Storage X, Storage? Y, Storage? Z, Storage? W) : IScalarWork
        where TOp : unmanaged, IMapOp
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            ArrayView<TLane> x = ViewOf<TLane>(X), y = ViewOf<TLane>(Y ?? X), z = ViewOf<TLane>(Z ?? X),
                w = ViewOf<TLane>(W ?? X), output = ViewOf<TLane>(Output);
            if (Plan.IsFlat(TOp.Arity))
            {
                device.Launcher(FlatKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                    (Output.Length + 3) / 4, x, y, z, w, output, Op);
                return;
            }

            Action<Index1D, MapWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel =
                Plan.Inner % 4 == 0 ? FourKernel : MapKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Plan.Inner % 4 == 0 ? Output.Length / 4 : Output.Length, new MapWalk(Plan), x, y, z, w, output, Op);
        }
    }

    /// <summary>One thread computes four neighbours of the output from the same four of each argument; the last one up to three.</summary>
    private static void FlatKernel<TLane, TOp>(
        Index1D i, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> output, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp
    {
        int at = 4 * i, left = output.IntLength - at;
        TLane zero = TLane.Of(0);
        Four<TLane> a = Fours.Load(x, at, left, isWide: true, zero);
        Four<TLane> b = TOp.Arity > 1 ? Fours.Load(y, at, left, isWide: true, zero) : default;
        Four<TLane> c = TOp.Arity > 2 ? Fours.Load(z, at, left, isWide: true, zero) : default;
        Four<TLane> d = TOp.Arity > 3 ? Fours.Load(w, at, left, isWide: true, zero) : default;
        Fours.Store(output, at, left, isWide: true, Apply(op, a, b, c, d));
    }

    /// <summary>
    /// One thread computes four neighbours of a row of the output: along it an argument has four neighbours too, or one element for all.
    /// </summary>
    private static void FourKernel<TLane, TOp>(
        Index1D i, MapWalk walk, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> output,
        TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp
    {
        MapPlace place = walk.Place(4 * i, TOp.Arity);
        int inner = walk.Rank - 1;
        Four<TLane> a = OfRow(x, place.X, walk.X[inner]);
        Four<TLane> b = TOp.Arity > 1 ? OfRow(y, place.Y, walk.Y[inner]) : default;
        Four<TLane> c = TOp.Arity > 2 ? OfRow(z, place.Z, walk.Z[inner]) : default;
        Four<TLane> d = TOp.Arity > 3 ? OfRow(w, place.W, walk.W[inner]) : default;
        output.Cast<Four<TLane>>()[i] = Apply(op, a, b, c, d);
    }

    /// <summary>
    /// One thread computes one element of the output: it finds its place along every axis, and from that the element of each argument.
    /// </summary>
    private static void MapKernel<TLane, TOp>(
        Index1D i, MapWalk walk, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> output,
        TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp
    {
        MapPlace place = walk.Place(i, TOp.Arity);
        output[i] = op.Apply(
            x[place.X],
            TOp.Arity > 1 ? y[place.Y] : default,
            TOp.Arity > 2 ? z[place.Z] : default,
            TOp.Arity > 3 ? w[place.W] : default);
    }

    // Steps of whole rows are multiples of four where the length of a row is one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> OfRow<TLane>(ArrayView<TLane> view, int at, int step) where TLane : unmanaged, ILane<TLane> =>
        step != 0 ? view.Cast<Four<TLane>>()[at >> 2] : Fours.Of(view[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> Apply<TLane, TOp>(TOp op, Four<TLane> x, Four<TLane> y, Four<TLane> z, Four<TLane> w)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp =>
        new(op.Apply(x.X, y.X, z.X, w.X), op.Apply(x.Y, y.Y, z.Y, w.Y), op.Apply(x.Z, y.Z, z.Z, w.Z), op.Apply(x.W, y.W, z.W, w.W));
}
