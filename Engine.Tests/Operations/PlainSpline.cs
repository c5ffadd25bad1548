using Engine.Kernels.Flows;

namespace Engine.Tests.Operations;

/// <summary>Rational-quadratic splines in plain float64, after Durkan et al. 2019, section 3.1; the inverse by bisection.</summary>
internal static class PlainSpline
{
    internal static (double Value, double LogSlope) Value(SplineShape shape, double[] parameters, double x, bool inverse)
    {
        if (Math.Abs(x) >= shape.Bound) return (x, 0);
        if (!inverse) return Forward(shape, parameters, x);
        (double low, double high) = (-shape.Bound, shape.Bound);
        for (int i = 0; i < 200; i++)
        {
            double middle = 0.5 * (low + high);
            if (Forward(shape, parameters, middle).Value < x) low = middle;
            else high = middle;
        }

        return (low, -Forward(shape, parameters, low).LogSlope);
    }

    private static (double Value, double LogSlope) Forward(SplineShape shape, double[] parameters, double x)
    {
        int bins = shape.Bins;
        double[] widths = Extents(parameters[..bins], shape.Bound, shape.MinimumWidth),
            heights = Extents(parameters[bins..(2 * bins)], shape.Bound, shape.MinimumHeight);
        double[] slopes = [1, .. parameters[(2 * bins)..].Select(raw => shape.MinimumDerivative + References.Softplus(raw)), 1];
        double left = -shape.Bound, bottom = -shape.Bound;
        int k = 0;
        while (k < bins - 1 && x >= left + widths[k])
        {
            left += widths[k];
            bottom += heights[k];
            k++;
        }

        double s = heights[k] / widths[k], a = (x - left) / widths[k], q = a * (1 - a);
        double divisor = s + ((slopes[k + 1] + slopes[k] - (2 * s)) * q);
        double value = bottom + (heights[k] * ((s * a * a) + (slopes[k] * q)) / divisor);
        double slope = s * s * ((slopes[k + 1] * a * a) + (2 * s * q) + (slopes[k] * (1 - a) * (1 - a))) / (divisor * divisor);
        return (value, Math.Log(slope));
    }

    private static double[] Extents(double[] raw, double bound, double minimum)
    {
        double sum = raw.Sum(Math.Exp);
        return [.. raw.Select(r => 2 * bound * (minimum + ((1 - (minimum * raw.Length)) * Math.Exp(r) / sum)))];
    }
}
