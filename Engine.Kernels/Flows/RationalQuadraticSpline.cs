using Engine.Kernels.Flows.Gpu;
using Engine.Kernels.Flows.Host;

namespace Engine.Kernels.Flows;

/// <summary>
/// Monotone rational-quadratic splines (Gregory and Delbourgo 1982), each element through one of its own: values with the logarithms of
/// their derivatives, the inverse, and the gradients of all parameters, in one pass each. The softmax of the bins and the search for a bin
/// are part of it. Storages hold float32, or all float64.
/// </summary>
public static class RationalQuadraticSpline
{
    /// <summary>result[0] = f(x) and result[1] = log f'(x), or of the inverse of f.</summary>
    /// <param name="x">n elements.</param>
    /// <param name="parameters">[n, 3 bins - 1], in the order of <see cref="SplineShape"/>.</param>
    /// <param name="shape">The splines.</param>
    /// <param name="inverse">True for the inverse.</param>
    /// <param name="result">Receives [2, n].</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Forward(Storage x, Storage parameters, SplineShape shape, bool inverse, Storage result)
    {
        const string Operation = "RationalQuadraticSpline.Forward";
        shape.Check(Operation);
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, x.Length), (nameof(parameters), parameters, (long)x.Length * shape.Parameters),
            (nameof(result), result, 2L * x.Length));
        if (x.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostSpline(shape, x, parameters, null, result, null, inverse),
            new GpuSpline.Forward(shape, x, parameters, inverse, result));
    }

    /// <summary>The gradients of x and of all parameters, of the forward direction.</summary>
    /// <param name="g">The gradients with respect to the result, [2, n].</param>
    /// <param name="x">The elements.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="shape">The splines.</param>
    /// <param name="dx">Receives the gradients of x.</param>
    /// <param name="dParameters">Receives those of the parameters.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match, or the shape is invalid.</exception>
    public static void Backward(Storage g, Storage x, Storage parameters, SplineShape shape, Storage dx, Storage dParameters)
    {
        const string Operation = "RationalQuadraticSpline.Backward";
        shape.Check(Operation);
        long count = (long)x.Length * shape.Parameters;
        Device device = Arguments.Floating(
            Operation, (nameof(x), x, x.Length), (nameof(g), g, 2L * x.Length), (nameof(parameters), parameters, count),
            (nameof(dx), dx, x.Length), (nameof(dParameters), dParameters, count));
        if (x.Length == 0) return;
        LaneDispatch.Run(
            device, x.DType, new HostSpline(shape, x, parameters, g, dx, dParameters, false),
            new GpuSpline.Backward(shape, g, x, parameters, dx, dParameters));
    }
}

/// <summary>
/// A monotone rational-quadratic spline from [-Bound, Bound] onto itself, the identity outside (Durkan et al. 2019, arXiv:1906.04032). It
/// has 3 Bins - 1 parameters: raw widths and raw heights of the bins, which softmax turns into shares of the interval, and raw
/// derivatives at the knots between them, which softplus makes positive. The derivative at both ends is 1.
/// </summary>
/// <param name="Bins">Bins; at least 1.</param>
/// <param name="Bound">Half the interval; positive.</param>
public readonly record struct SplineShape(int Bins, double Bound)
{
    /// <summary>The least share of the interval that a bin is wide.</summary>
    public double MinimumWidth { get; init; } = 1e-3;

    /// <summary>The least share of the interval that a bin is high.</summary>
    public double MinimumHeight { get; init; } = 1e-3;

    /// <summary>The least derivative at a knot.</summary>
    public double MinimumDerivative { get; init; } = 1e-3;

    /// <summary>Parameters of one spline.</summary>
    public int Parameters => (3 * Bins) - 1;

    /// <summary>Checks the fields.</summary>
    /// <exception cref="ArgumentException">A field is out of its range.</exception>
    internal void Check(string operation)
    {
        if (Bins < 1 || Bins > 1024) throw new ArgumentException($"{operation}: a spline has from 1 to 1024 bins, found {Bins}.");
        if (!(Bound > 0) || double.IsInfinity(Bound)) throw new ArgumentException(
            $"{operation}: the bound of a spline must be positive and finite, found {Bound}.");
        if (!(MinimumWidth >= 0 && MinimumWidth * Bins < 1) || !(MinimumHeight >= 0 && MinimumHeight * Bins < 1))
            throw new ArgumentException(
                $"{operation}: expected bins that fit into the interval, found {Bins} of at least {MinimumWidth} x {MinimumHeight} of it.");
        if (!(MinimumDerivative >= 0)) throw new ArgumentException(
            $"{operation}: the least derivative must not be negative, found {MinimumDerivative}.");
    }
}
