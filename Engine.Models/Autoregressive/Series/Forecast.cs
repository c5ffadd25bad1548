namespace Engine.Models.Autoregressive.Series;

/// <summary>A forecast of the next steps, from paths drawn from a model.</summary>
/// <param name="Mean">The mean of the paths at each step.</param>
/// <param name="Low">The value that a tenth of the paths lies below.</param>
/// <param name="High">The value that a tenth of the paths lies above.</param>
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

/// <summary>The quality of forecasts over all of their steps, beside baselines that need no model.</summary>
/// <param name="Error">The root of the mean squared error of the forecasts' means.</param>
/// <param name="Seasonal">That of repeating the value of a season before.</param>
/// <param name="Persistent">That of repeating the last value.</param>
/// <param name="Coverage">The share of values that lay in the intervals, which are meant to hold <see cref="Forecast.Share"/> of
/// them.</param>
public readonly record struct ForecastScore(double Error, double Seasonal, double Persistent, double Coverage)
{
    /// <summary>Compares forecasts with the values that followed.</summary>
    /// <param name="values">The series.</param>
    /// <param name="season">Steps after which it repeats itself.</param>
    /// <param name="forecasts">The forecasts, with the first step that each is of.</param>
    /// <exception cref="ArgumentException">There is no forecast, or one begins before a season is over.</exception>
    public static ForecastScore Of(IReadOnlyList<double> values, int season, IReadOnlyList<(int Start, Forecast Forecast)> forecasts)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(forecasts);
        if (forecasts.Count == 0) throw new ArgumentException("There is no forecast to score.");
        double error = 0, seasonal = 0, persistent = 0;
        int steps = 0, inside = 0;
        foreach ((int start, Forecast forecast) in forecasts)
        {
            if (start < season) throw new ArgumentException($"A forecast of step {start} has no season of {season} steps before it.");
            for (int k = 0; k < forecast.Mean.Length; k++)
            {
                double came = values[start + k];
                error += Square(came - forecast.Mean[k]);

                // The last season that is known, and the last value.
                seasonal += Square(came - values[start + (k % season) - season]);
                persistent += Square(came - values[start - 1]);
                if (came >= forecast.Low[k] && came <= forecast.High[k]) inside++;
                steps++;
            }
        }

        return new ForecastScore(
            Math.Sqrt(error / steps), Math.Sqrt(seasonal / steps), Math.Sqrt(persistent / steps), inside / (double)steps);

        static double Square(double x) => x * x;
    }
}
