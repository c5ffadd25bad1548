using Engine.Kernels.Devices;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Flows;

/// <summary>
/// The affine step of a flow (Dinh et al. 2016, arXiv:1605.08803): y = x e^s + t with the log-determinant sum s of each example, or its
/// inverse x = (y - t) e^-s with -sum s, in one pass. The log-scale is s = bound tanh(raw / bound), or s = raw where no bound is given.
/// What is not <c>active</c> is handed on as it is. Storages hold float32, or all float64; the number of threads never changes a bit.
/// </summary>
public static partial class AffineCoupling
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
        Device device = Check(Operation, parameters, shape, bound, active, (nameof(x), x, shape.Length), (nameof(y), y, shape.Length),
            ("the log-determinant", logDeterminant, shape.Rows));
        if (logDeterminant.Length == 0) return;
        if (device is CpuDevice cpu) ForwardOnHost(cpu, x, parameters, shape, bound, active, inverse, y, logDeterminant);
        else ForwardOnIlgpu((GpuDevice)device, x, parameters, shape, bound, active, inverse, y, logDeterminant);
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
        Device device = Check(Operation, parameters, shape, bound, active, (nameof(g), g, shape.Length), (nameof(dx), dx, shape.Length));
        if (dx.Length == 0) return;
        if (device is CpuDevice cpu) InputGradientOnHost(cpu, g, parameters, shape, bound, active, inverse, dx);
        else InputGradientOnIlgpu((GpuDevice)device, g, parameters, shape, bound, active, inverse, dx);
    }

    /// <summary>
    /// The gradient of the parameters, from that of the result, that of the log-determinant, or both: draw = (g x e^s + h) ds/draw and dt =
    /// g; for the inverse draw = -(g (x - t) e^-s + h) ds/draw and dt = -g e^-s.
    /// </summary>
    /// <param name="g">The gradient with respect to the result; null for none.</param>
    /// <param name="x">What was transformed; null where <paramref name="g"/> is.</param>
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
        Storage dParameters,
        bool accumulate = false)
    {
        const string Operation = "AffineCoupling.ParameterGradient";
        if (g is null != x is null) throw new ArgumentException($"{Operation}: g and x are needed together.");
        Device device = Check(
            Operation, parameters, shape, bound, active, (nameof(g), g, shape.Length), (nameof(x), x, shape.Length),
            (nameof(h), h, shape.Rows),
            (nameof(dParameters), dParameters, 2 * shape.Length));
        if (dParameters.Length == 0) return;
        if (device is CpuDevice cpu) ParameterGradientOnHost(
            cpu, g, x, h, parameters, shape, bound, active, inverse, dParameters, accumulate);
        else ParameterGradientOnIlgpu((GpuDevice)device, g, x, h, parameters, shape, bound, active, inverse, dParameters, accumulate);
    }

    private static Device Check(
        string operation, Storage parameters, AffineCouplingShape shape, Storage? bound, Storage? active,
        params ReadOnlySpan<(string Name, Storage? Storage, long Length)> others)
    {
        if (shape.Rows < 0 || shape.Places < 1 || shape.Channels < 1)
            throw new ArgumentException(
                $"{operation}: [rows, places, channels] with at least one place and channel are needed, found {shape}.");
        NormArguments.Check(
            operation, parameters, 2 * shape.Length, (nameof(bound), bound, bound?.Length == 1 ? 1 : shape.Channels),
            (nameof(active), active, shape.Columns));
        return NormArguments.Check(operation, parameters, 2 * shape.Length, others);
    }
}
