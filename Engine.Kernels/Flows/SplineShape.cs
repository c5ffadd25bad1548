namespace Engine.Kernels.Flows;

/// <summary>
/// A monotone rational-quadratic spline from [-Bound, Bound] onto itself, the identity outside (Durkan et al. 2019, arXiv:1906.04032). It
/// has 3 Bins - 1 parameters: raw widths and raw heights of the bins, which softmax brings to their shares of the interval, and raw
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

    /// <summary>Throws where the numbers make no sense.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    internal void Check(string operation)
    {
        if (Bins < 1 || Bins > 1024) throw new ArgumentException($"{operation}: a spline has from 1 to 1024 bins, found {Bins}.");
        if (!(Bound > 0) || double.IsInfinity(Bound)) throw new ArgumentException(
            $"{operation}: the bound of a spline must be positive and finite, found {Bound}.");
        if (!(MinimumWidth >= 0 && MinimumWidth * Bins < 1) || !(MinimumHeight >= 0 && MinimumHeight * Bins < 1))
            throw new ArgumentException(
                $"{operation}: {Bins} bins of at least {MinimumWidth} x {MinimumHeight} of the interval do not fit into it.");
        if (!(MinimumDerivative >= 0)) throw new ArgumentException(
            $"{operation}: the least derivative must not be negative, found {MinimumDerivative}.");
    }
}
