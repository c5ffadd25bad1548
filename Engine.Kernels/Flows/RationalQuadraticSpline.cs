using Engine.Kernels.Devices;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Flows;

/// <summary>
/// Monotone rational-quadratic splines (Gregory and Delbourgo 1982), each number through one of its own: values with the logarithms of
/// their derivatives, the inverse, and the gradients of all parameters, in one pass each. A softmax and a search of the bin are part of it.
/// Storages hold float32, or all float64.
/// </summary>
public static partial class RationalQuadraticSpline
{
    /// <summary>result[0] = f(x) and result[1] = log f'(x), or of the inverse of f.</summary>
    /// <param name="x">n numbers.</param>
    /// <param name="parameters">[n, 3 bins - 1], in the order of <see cref="SplineShape"/>.</param>
    /// <param name="shape">The splines.</param>
    /// <param name="inverse">True for the inverse.</param>
    /// <param name="result">Receives [2, n].</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape makes no sense.</exception>
    public static void Forward(Storage x, Storage parameters, SplineShape shape, bool inverse, Storage result)
    {
        const string Operation = "RationalQuadraticSpline.Forward";
        shape.Check(Operation);
        Device device = NormArguments.Check(
            Operation, x, x.Length, (nameof(parameters), parameters, (long)x.Length * shape.Parameters),
            (nameof(result), result, 2L * x.Length));
        if (x.Length == 0) return;
        if (device is CpuDevice cpu) ForwardOnHost(cpu, x, parameters, shape, inverse, result);
        else ForwardOnIlgpu((GpuDevice)device, x, parameters, shape, inverse, result);
    }

    /// <summary>The gradients of x and of all parameters, of the forward direction.</summary>
    /// <param name="g">The gradients with respect to the result, [2, n].</param>
    /// <param name="x">The numbers.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="shape">The splines.</param>
    /// <param name="dx">Receives the gradients of x.</param>
    /// <param name="dParameters">Receives those of the parameters.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape makes no sense.</exception>
    public static void Backward(Storage g, Storage x, Storage parameters, SplineShape shape, Storage dx, Storage dParameters)
    {
        const string Operation = "RationalQuadraticSpline.Backward";
        shape.Check(Operation);
        long count = (long)x.Length * shape.Parameters;
        Device device = NormArguments.Check(
            Operation, x, x.Length, (nameof(g), g, 2L * x.Length), (nameof(parameters), parameters, count), (nameof(dx), dx, x.Length),
            (nameof(dParameters), dParameters, count));
        if (x.Length == 0) return;
        if (device is CpuDevice cpu) BackwardOnHost(cpu, g, x, parameters, shape, dx, dParameters);
        else BackwardOnIlgpu((GpuDevice)device, g, x, parameters, shape, dx, dParameters);
    }
}
