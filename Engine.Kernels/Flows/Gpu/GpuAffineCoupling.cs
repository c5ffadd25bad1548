using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Flows.Gpu;

internal static class GpuAffineCoupling
{
    internal readonly record struct Forward(AffineCouplingArguments Arguments, Storage X, Storage Y, Storage Log)
        : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            Storage parameters = Arguments.Parameters;
            RowLaunch launch = new(device, Arguments.Shape.Rows, Arguments.Shape.Columns);
            device.Launcher(
                launch.Choose(RowKernel<TLane, OneThread>, RowKernel<TLane, OneWarp>, RowKernel<TLane, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, new(Arguments), ViewOf<TLane>(X), ViewOf<TLane>(parameters),
                ViewOf<TLane>(Arguments.Bound ?? parameters), ViewOf<TLane>(Arguments.Active ?? parameters),
                ViewOf<TLane>(Y), ViewOf<TLane>(Log));
        }
    }

    internal readonly record struct InputGradient(AffineCouplingArguments Arguments, Storage G, Storage Dx) : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            Storage parameters = Arguments.Parameters;
            device.Launcher(InputKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Dx.Length, new(Arguments), ViewOf<TLane>(G), ViewOf<TLane>(parameters), ViewOf<TLane>(Arguments.Bound ?? parameters),
                ViewOf<TLane>(Arguments.Active ?? parameters), ViewOf<TLane>(Dx));
        }
    }

    internal readonly record struct ParameterGradient(
        AffineCouplingArguments Arguments, Storage? G, Storage? X, Storage? H, Storage Result, bool Accumulates)
        : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            Storage parameters = Arguments.Parameters;
            device.Launcher(ParameterKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)Arguments.Shape.Length, new(Arguments), new(G is null ? 0 : 1, H is null ? 0 : 1, Accumulates ? 1 : 0),
                ViewOf<TLane>(G ?? parameters), ViewOf<TLane>(X ?? parameters), ViewOf<TLane>(H ?? parameters), ViewOf<TLane>(parameters),
                ViewOf<TLane>(Arguments.Bound ?? parameters), ViewOf<TLane>(Arguments.Active ?? parameters), ViewOf<TLane>(Result));
        }
    }

    /// <summary>One team computes one row: each thread its share of the elements, and then all log-scales together.</summary>
    private static void RowKernel<TLane, TTeam>(
        AffineCouplingLayout layout, ArrayView<TLane> x, ArrayView<TLane> parameters, ArrayView<TLane> bound, ArrayView<TLane> active,
        ArrayView<TLane> y, ArrayView<TLane> log)
        where TLane : unmanaged, ILane<TLane>
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= log.IntLength) return;
        TLane total = TTeam.Total(Share(layout, row, TTeam.Thread, TTeam.Size, x, parameters, bound, active, y), default(SumReduction));
        if (TTeam.Thread == 0) log[row] = TLane.Of(layout.Sign) * total;
    }

    /// <summary>Every <paramref name="step"/>th element of a row; returns the sum of their log-scales.</summary>
    private static TLane Share<TLane>(
        AffineCouplingLayout layout, int row, int first, int step, ArrayView<TLane> x, ArrayView<TLane> parameters, ArrayView<TLane> bound,
        ArrayView<TLane> active, ArrayView<TLane> y)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane sum = TLane.Of(0);
        for (int i = first; i < layout.Columns; i += step)
        {
            int element = (row * layout.Columns) + i;
            int at = layout.Raw(element);
            TLane share = Active(layout, i, active);
            TLane s = LogScale(layout, parameters[at], element % layout.Channels, bound) * share;
            TLane root = LaneMath.ExpFinite(TLane.Of(layout.Sign) * TLane.Of(0.5) * s);
            TLane t = parameters[at + layout.Channels] * share;
            y[element] = layout.Sign < 0 ? (x[element] - t) * root * root : TLane.MulAdd(x[element] * root, root, t);
            sum += s;
        }

        return sum;
    }

    /// <summary>One thread computes one element of the gradient of x.</summary>
    private static void InputKernel<TLane>(
        Index1D i, AffineCouplingLayout layout, ArrayView<TLane> g, ArrayView<TLane> parameters, ArrayView<TLane> bound,
        ArrayView<TLane> active, ArrayView<TLane> dx)
        where TLane : unmanaged, ILane<TLane>
    {
        TLane s = LogScale(layout, parameters[layout.Raw(i)], i % layout.Channels, bound) * Active(layout, i % layout.Columns, active);
        TLane root = LaneMath.ExpFinite(TLane.Of(layout.Sign) * TLane.Of(0.5) * s);
        dx[i] = g[i] * root * root;
    }

    /// <summary>One thread computes the gradients of one element's log-scale and shift.</summary>
    private static void ParameterKernel<TLane>(
        Index1D i, AffineCouplingLayout layout, AffineCouplingSources sources, ArrayView<TLane> g, ArrayView<TLane> x, ArrayView<TLane> h,
        ArrayView<TLane> parameters, ArrayView<TLane> bound, ArrayView<TLane> active, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int at = layout.Raw(i), channel = i % layout.Channels;
        TLane share = Active(layout, i % layout.Columns, active);
        TLane dLog = sources.HasLog != 0 ? h[i / layout.Columns] : TLane.Of(0);
        TLane dShift = TLane.Of(0);
        if (sources.HasValue != 0)
        {
            TLane s = LogScale(layout, parameters[at], channel, bound) * share;
            TLane root = LaneMath.ExpFinite(TLane.Of(layout.Sign) * TLane.Of(0.5) * s);
            TLane moved = layout.Sign < 0 ? x[i] - (parameters[at + layout.Channels] * share) : x[i];
            dLog = TLane.MulAdd(moved * root * g[i], root, dLog);
            dShift = (layout.Sign < 0 ? -(g[i] * root * root) : g[i]) * share;
        }

        TLane slope = layout.Bounds > 0 ? BoundedLogScale.Slope(parameters[at], bound[layout.Bounds == 1 ? 0 : channel])
            : FreeLogScale.Slope(parameters[at], parameters[at]);
        TLane dRaw = TLane.Of(layout.Sign) * dLog * slope * share;
        result[at] = sources.Accumulates != 0 ? result[at] + dRaw : dRaw;
        result[at + layout.Channels] = sources.Accumulates != 0 ? result[at + layout.Channels] + dShift : dShift;
    }

    private static TLane LogScale<TLane>(AffineCouplingLayout layout, TLane raw, int channel, ArrayView<TLane> bound)
        where TLane : unmanaged, ILane<TLane> =>
        layout.Bounds > 0 ? BoundedLogScale.Of(raw, bound[layout.Bounds == 1 ? 0 : channel]) : raw;

    private static TLane Active<TLane>(AffineCouplingLayout layout, int column, ArrayView<TLane> active)
        where TLane : unmanaged, ILane<TLane> =>
        layout.IsMasked != 0 ? active[column] : TLane.Of(1);
}

/// <summary>An affine coupling as GPU kernels take it.</summary>
internal readonly struct AffineCouplingLayout
{
    internal readonly int Columns, Channels;

    /// <summary>How many bounds there are: none, one, or one for each channel.</summary>
    internal readonly int Bounds;

    /// <summary>1 where some elements are copied unchanged.</summary>
    internal readonly int IsMasked;

    /// <summary>1, or -1 for the inverse.</summary>
    internal readonly int Sign;

    internal AffineCouplingLayout(AffineCouplingArguments arguments)
    {
        (Columns, Channels) = (arguments.Shape.Columns, arguments.Shape.Channels);
        Bounds = arguments.Bound?.Length ?? 0;
        IsMasked = arguments.Active is null ? 0 : 1;
        Sign = arguments.IsInverse ? -1 : 1;
    }

    /// <summary>Where the raw log-scale of an element is; its shift is <see cref="Channels"/> behind.</summary>
    internal int Raw(int element) => element + (element / Channels * Channels);
}

/// <summary>Which gradients come in, and whether the result is added to what is there: 1 for yes.</summary>
internal readonly struct AffineCouplingSources(int hasValue, int hasLog, int accumulates)
{
    internal readonly int HasValue = hasValue, HasLog = hasLog, Accumulates = accumulates;
}
