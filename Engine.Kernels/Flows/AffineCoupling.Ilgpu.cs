using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Flows;

public static partial class AffineCoupling
{
    private static void ForwardOnIlgpu(
        GpuDevice device, Storage x, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse,
        Storage y, Storage log)
    {
        if (x.DType == DType.Float32) Forward<FloatScalar>();
        else Forward<DoubleScalar>();

        void Forward<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            ArrayView<TLane> p = GpuStorage.ViewOf<TLane>(parameters), b = GpuStorage.ViewOf<TLane>(bound ?? parameters),
                a = GpuStorage.ViewOf<TLane>(active ?? parameters);
            AffineCouplingLayout layout = new(shape, bound, active, inverse);
            RowLaunch launch = new(device, shape.Rows, shape.Columns);
            Action<AffineCouplingLayout, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                ArrayView<TLane>> kernel = launch.IsThread
                ? RowKernel<TLane, OneThread>
                : launch.IsWarp ? RowKernel<TLane, OneWarp> : RowKernel<TLane, OneGroup>;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, layout, GpuStorage.ViewOf<TLane>(x), p, b, a, GpuStorage.ViewOf<TLane>(y),
                GpuStorage.ViewOf<TLane>(log));
        }
    }

    private static void InputGradientOnIlgpu(
        GpuDevice device, Storage g, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse,
        Storage dx)
    {
        if (g.DType == DType.Float32) Launch<FloatScalar>();
        else Launch<DoubleScalar>();

        void Launch<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            Action<Index1D, AffineCouplingLayout, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                ArrayView<TLane>> kernel = InputKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                dx.Length, new(shape, bound, active, inverse), GpuStorage.ViewOf<TLane>(g), GpuStorage.ViewOf<TLane>(parameters),
                GpuStorage.ViewOf<TLane>(bound ?? parameters),
                GpuStorage.ViewOf<TLane>(active ?? parameters), GpuStorage.ViewOf<TLane>(dx));
        }
    }

    private static void ParameterGradientOnIlgpu(
        GpuDevice device, Storage? g, Storage? x, Storage? h, Storage parameters, AffineCouplingShape shape, Storage? bound,
        Storage? active, bool inverse, Storage result, bool accumulate)
    {
        if (result.DType == DType.Float32) Launch<FloatScalar>();
        else Launch<DoubleScalar>();

        void Launch<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            Action<Index1D, AffineCouplingLayout, AffineCouplingSources, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = ParameterKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)shape.Length, new(shape, bound, active, inverse), new(g is null ? 0 : 1, h is null ? 0 : 1, accumulate ? 1 : 0),
                GpuStorage.ViewOf<TLane>(g ?? parameters), GpuStorage.ViewOf<TLane>(x ?? parameters),
                GpuStorage.ViewOf<TLane>(h ?? parameters), GpuStorage.ViewOf<TLane>(parameters),
                GpuStorage.ViewOf<TLane>(bound ?? parameters), GpuStorage.ViewOf<TLane>(active ?? parameters),
                GpuStorage.ViewOf<TLane>(result));
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
            TLane e = LaneMath.Exp(TLane.Of(layout.Sign) * s);
            TLane t = parameters[at + layout.Channels] * share;
            y[element] = layout.Sign < 0 ? (x[element] - t) * e : TLane.MulAdd(x[element], e, t);
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
        dx[i] = g[i] * LaneMath.Exp(TLane.Of(layout.Sign) * s);
    }

    /// <summary>One thread computes the gradients of one element's log-scale and shift.</summary>
    private static void ParameterKernel<TLane>(
        Index1D i, AffineCouplingLayout layout, AffineCouplingSources sources, ArrayView<TLane> g, ArrayView<TLane> x, ArrayView<TLane> h,
        ArrayView<TLane> parameters,
        ArrayView<TLane> bound, ArrayView<TLane> active, ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        int at = layout.Raw(i), channel = i % layout.Channels;
        TLane share = Active(layout, i % layout.Columns, active);
        TLane dLog = sources.HasLog != 0 ? h[i / layout.Columns] : TLane.Of(0);
        TLane dShift = TLane.Of(0);
        if (sources.HasValue != 0)
        {
            TLane s = LogScale(layout, parameters[at], channel, bound) * share;
            TLane e = LaneMath.Exp(TLane.Of(layout.Sign) * s);
            TLane moved = layout.Sign < 0 ? x[i] - (parameters[at + layout.Channels] * share) : x[i];
            dLog = TLane.MulAdd(g[i] * moved, e, dLog);
            dShift = (layout.Sign < 0 ? -(g[i] * e) : g[i]) * share;
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
