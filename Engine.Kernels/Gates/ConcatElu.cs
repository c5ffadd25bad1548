using Engine.Kernels.Gates.Gpu;
using Engine.Kernels.Gates.Host;

namespace Engine.Kernels.Gates;

/// <summary>
/// The ELU of x and of -x side by side, so that nothing of x is lost, in one pass (Salimans et al. 2017, arXiv:1701.05517, whose code has
/// it as concat_elu; with ReLU: Shang et al. 2016, arXiv:1603.05201), and its gradient.
/// </summary>
public static class ConcatElu
{
    /// <summary>y[r, c] = elu(x[r, c]), y[r, width + c] = elu(-x[r, c]) with elu(x) = x where x > 0, e^x - 1 elsewhere</summary>
    /// <param name="x">The input, <paramref name="rows"/> x <paramref name="width"/>: float32 or float64.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the input.</param>
    /// <param name="y">The output, <paramref name="rows"/> x 2 <paramref name="width"/>; not the input.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage x, int rows, int width, Storage y)
    {
        Device device = GateRows.Check(nameof(ConcatElu), rows, width, (nameof(x), x, 1), (nameof(y), y, 2));
        if (x.Length == 0) return;
        LaneDispatch.Run(device, x.DType, new HostConcatElu(null, x, rows, width, y), new GpuConcatElu(null, x, rows, width, y));
    }

    /// <summary>With the gradients g and h of both halves: dx = g - h e^-x where x > 0, g e^x - h elsewhere.</summary>
    /// <param name="g">The gradient of the output, <paramref name="rows"/> x 2 <paramref name="width"/>.</param>
    /// <param name="x">The input.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the input.</param>
    /// <param name="dx">The gradient of the input, <paramref name="rows"/> x <paramref name="width"/>; may be <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gradient(Storage g, Storage x, int rows, int width, Storage dx)
    {
        const string operation = $"{nameof(ConcatElu)}.{nameof(Gradient)}";
        Device device = GateRows.Check(operation, rows, width, (nameof(g), g, 2), (nameof(x), x, 1), (nameof(dx), dx, 1));
        if (x.Length == 0) return;
        LaneDispatch.Run(device, x.DType, new HostConcatElu(g, x, rows, width, dx), new GpuConcatElu(g, x, rows, width, dx));
    }

    /// <summary>elu(x) and elu(-x): one of the two is |x|, the other e^-|x| - 1, so that one exponential serves both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Both<T>(T x, out T positive, out T negative) where T : unmanaged, ILane<T>
    {
        T e = LaneMath.Expm1(-T.Abs(x)), zero = T.Of(0);
        positive = T.SelectLess(zero, x, x, e);
        negative = T.SelectLess(x, zero, -x, e);
    }

    /// <summary>g elu'(x) - h elu'(-x), where one of the slopes is 1 and the other e^-|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Slope<T>(T g, T h, T x) where T : unmanaged, ILane<T>
    {
        T e = LaneMath.Exp(-T.Abs(x)), zero = T.Of(0);
        return T.SelectLess(zero, x, g, Chain.Rule(g, e)) - T.SelectLess(x, zero, h, Chain.Rule(h, e));
    }
}
