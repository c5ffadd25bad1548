namespace Engine.Models.Autoregressive.Series;

/// <summary>What is expected of the steps to come, from paths drawn from a model.</summary>
/// <param name="Mean">The mean of the paths at each step.</param>
/// <param name="Low">What a tenth of the paths lies below.</param>
/// <param name="High">What a tenth of the paths lies above.</param>
public sealed record Forecast(double[] Mean, double[] Low, double[] High)
{
    /// <summary>The share of an interval's values: 0.8.</summary>
    public const double Share = 0.8;

    /// <summary>From paths, [paths, steps].</summary>
    internal static Forecast Of(ReadOnlySpan<double> paths, int count, int steps)
    {
        double[] mean = new double[steps], low = new double[steps], high = new double[steps], values = new double[count];
        for (int step = 0; step < steps; step++)
        {
            for (int path = 0; path < count; path++) values[path] = paths[(path * steps) + step];
            Array.Sort(values);
            mean[step] = values.Average();
            low[step] = Quantile(values, (1 - Share) / 2);
            high[step] = Quantile(values, (1 + Share) / 2);
        }

        return new Forecast(mean, low, high);
    }

    // Between two of the sorted values, in proportion.
    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
