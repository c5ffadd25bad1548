using Engine.Kernels.Flows.Gpu;
using Engine.Kernels.Flows.Host;

namespace Engine.Kernels.Flows;

/// <summary>
/// The affine step of a flow (Dinh et al. 2016, arXiv:1605.08803): y = x e^s + t with the log-determinant sum s of each example, or its
/// inverse x = (y - t) e^-s with -sum s, in one pass. The log-scale is s = bound tanh(raw / bound), or s = raw where no bound is given.
/// e^s is applied as its root, twice: it overflows where x e^s need not. Elements that are not <c>active</c> are copied unchanged. Storages
/// hold float32, or all float64; the number of threads never changes a bit.
/// </summary>
public static class AffineCoupling
{
    /// <summary>y = x e^s + t, or (x - t) e^-s, and the log-determinant of each row.</summary>
    /// <param name="x">What is transformed.</param>
    /// <param name="parameters">Raw log-scales and shifts.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="bound">The bound of the log-scales, positive: one for each channel, or one for all; null for s = raw.</param>
    /// <param name="active">1 for each element of an example that is transformed, 0 for those that are not; null for all.</param>
    /// <param name="inverse">True for the inverse.</param>
    /// <param name="y">Receives the result; may be <paramref name="x"/>.</param>
    /// <param name="logDeterminant">Receives the log-determinant of each row.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Forward(
        Storage x, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse, Storage y,
        Storage logDeterminant)
    {
        const string Operation = "AffineCoupling.Forward";
        Device device = Check(
            Operation, shape, bound, active, (nameof(parameters), parameters, 2 * shape.Length), (nameof(x), x, shape.Length),
            (nameof(y), y, shape.Length), ("the log-determinant", logDeterminant, shape.Rows));
        if (logDeterminant.Length == 0) return;
        AffineCouplingArguments arguments = new(parameters, shape, bound, active, inverse);
        LaneDispatch.Run(
            device, x.DType, new HostAffineCoupling(CouplingPass.Forward, arguments, x, null, null, y, logDeterminant),
            new GpuAffineCoupling.Forward(arguments, x, y, logDeterminant));
    }

    /// <summary>The gradient of x: dx = g e^s, or g e^-s for the inverse.</summary>
    /// <param name="g">The gradient with respect to the result.</param>
    /// <param name="parameters">Raw log-scales and shifts.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="bound">As in the forward pass.</param>
    /// <param name="active">As in the forward pass.</param>
    /// <param name="inverse">As in the forward pass.</param>
    /// <param name="dx">Receives the gradient; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void InputGradient(
        Storage g, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse, Storage dx)
    {
        const string Operation = "AffineCoupling.InputGradient";
        Device device = Check(
            Operation, shape, bound, active, (nameof(parameters), parameters, 2 * shape.Length), (nameof(g), g, shape.Length),
            (nameof(dx), dx, shape.Length));
        if (dx.Length == 0) return;
        AffineCouplingArguments arguments = new(parameters, shape, bound, active, inverse);
        LaneDispatch.Run(
            device, g.DType, new HostAffineCoupling(CouplingPass.InputGradient, arguments, null, g, null, dx, null),
            new GpuAffineCoupling.InputGradient(arguments, g, dx));
    }

    /// <summary>
    /// The gradient of the parameters, from that of the result, that of the log-determinant, or both: draw = (g x e^s + h) ds/draw and dt =
    /// g; for the inverse draw = -(g (x - t) e^-s + h) ds/draw and dt = -g e^-s.
    /// </summary>
    /// <param name="g">The gradient with respect to the result; null for none.</param>
    /// <param name="x">What was transformed; null where <paramref name="g"/> is null.</param>
    /// <param name="h">The gradient with respect to the log-determinant of each row; null for none.</param>
    /// <param name="parameters">Raw log-scales and shifts.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="bound">As in the forward pass.</param>
    /// <param name="active">As in the forward pass.</param>
    /// <param name="inverse">As in the forward pass.</param>
    /// <param name="dParameters">Receives the gradient.</param>
    /// <param name="accumulate">Adds to what is there instead.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or there is g without x.</exception>
    public static void ParameterGradient(
        Storage? g, Storage? x, Storage? h, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse,
        Storage dParameters, bool accumulate = false)
    {
        const string Operation = "AffineCoupling.ParameterGradient";
        if (g is null != x is null) throw new ArgumentException($"{Operation}: g and x are needed together.");
        Device device = Check(
            Operation, shape, bound, active, (nameof(parameters), parameters, 2 * shape.Length), (nameof(g), g, shape.Length),
            (nameof(x), x, shape.Length), (nameof(h), h, shape.Rows), (nameof(dParameters), dParameters, 2 * shape.Length));
        if (dParameters.Length == 0) return;
        AffineCouplingArguments arguments = new(parameters, shape, bound, active, inverse);
        LaneDispatch.Run(
            device, parameters.DType,
            new HostAffineCoupling(CouplingPass.ParameterGradient, arguments, x, g, h, dParameters, null, accumulate),
            new GpuAffineCoupling.ParameterGradient(arguments, g, x, h, dParameters, accumulate));
    }

    private static Device Check(
        string operation, AffineCouplingShape shape, Storage? bound, Storage? active,
        params ReadOnlySpan<(string Name, Storage? Storage, long Length)> arguments)
    {
        if (shape.Rows < 0 || shape.Places < 1 || shape.Channels < 1)
            throw new ArgumentException(
                $"{operation}: [rows, places, channels] with at least one place and channel are needed, found {shape}.");
        Arguments.Floating(
            operation, arguments[0], (nameof(bound), bound, bound?.Length == 1 ? 1 : shape.Channels),
            (nameof(active), active, shape.Columns));
        return Arguments.Floating(operation, arguments);
    }
}

/// <summary>
/// The extents of an affine coupling: x is [Rows, Places, Channels], its parameters are [Rows, Places, 2 Channels], at each place the raw
/// log-scales of all channels and behind them their shifts. Vectors have one place, images one for each pixel.
/// </summary>
/// <param name="Rows">Examples; each has a log-determinant of its own.</param>
/// <param name="Places">Places of an example; at least 1.</param>
/// <param name="Channels">Channels; at least 1.</param>
public readonly record struct AffineCouplingShape(int Rows, int Places, int Channels)
{
    /// <summary>The elements of an example.</summary>
    public int Columns => Places * Channels;

    /// <summary>The elements of x.</summary>
    public long Length => (long)Rows * Places * Channels;

    /// <summary>The shape as <c>[64, 784, 1]</c>.</summary>
    public override string ToString() => $"[{Rows}, {Places}, {Channels}]";
}

/// <summary>What all passes of an affine coupling take: raw log-scales and shifts, the extents, and how they apply.</summary>
internal readonly record struct AffineCouplingArguments(
    Storage Parameters, AffineCouplingShape Shape, Storage? Bound, Storage? Active, bool IsInverse);

/// <summary>How a network's raw output becomes a log-scale.</summary>
internal interface ILogScale
{
    static abstract T Of<T>(T raw, T bound) where T : unmanaged, ILane<T>;

    /// <summary>The derivative with respect to the raw output.</summary>
    static abstract T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T>;
}

/// <summary>s = bound tanh(raw / bound), which never leaves (-bound, bound).</summary>
internal readonly struct BoundedLogScale : ILogScale
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T raw, T bound) where T : unmanaged, ILane<T> => bound * LaneMath.Tanh(raw / bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T>
    {
        T t = LaneMath.Tanh(raw / bound);
        return T.Of(1) - (t * t);
    }
}

/// <summary>s = raw.</summary>
internal readonly struct FreeLogScale : ILogScale
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T raw, T bound) where T : unmanaged, ILane<T> => raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T> => T.Of(1);
}
