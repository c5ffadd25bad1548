namespace Engine.Models.Data;

/// <summary>
/// A time series that the engine makes itself: a trend, waves, and unpredictable noise,
/// y(t) = trend t + sum over waves of amplitude sin(2 pi t / period + phase) + N(0, noise²).
/// </summary>
public sealed class SeasonalSeries
{
    private const ulong NoiseStream = 0x73657269;

    private SeasonalSeries(double[] values, double[] expected, double noise, int season) =>
        (Values, Expected, Noise, Season) = (values, expected, noise, season);

    /// <summary>What was measured, step after step.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>The same without the noise.</summary>
    public IReadOnlyList<double> Expected { get; }

    /// <summary>The standard deviation of the noise: no forecast has a smaller error.</summary>
    public double Noise { get; }

    /// <summary>Steps after which the waves repeat themselves.</summary>
    public int Season { get; }

    /// <summary>Generates a series of days of 24 steps in weeks of 7 days, with some waves in each.</summary>
    /// <param name="length">Steps; at least 1.</param>
    /// <param name="seed">What the noise depends on.</param>
    /// <param name="noise">The standard deviation of the noise, beside waves of 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no steps, or the noise is negative.</exception>
    public static SeasonalSeries Make(int length, ulong seed, double noise = 0.2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Array.MaxLength);
        if (!(noise >= 0)) throw new ArgumentOutOfRangeException(nameof(noise), noise, "The deviation of noise must not be negative.");
        const int Day = 24, Week = 7 * Day;
        (double Period, double Amplitude, double Phase)[] waves =
            [(Day, 1, 0.3), (Day / 2.0, 0.4, 1.1), (Week, 0.7, 2.0), (Week / 2.0, 0.3, 0.5)];
        const double Trend = 0.3 / Week;
        double[] expected = new double[length], values = new double[length];
        ulong key = CounterRandom.Key(seed, NoiseStream);
        for (int t = 0; t < length; t++)
        {
            expected[t] = Trend * t;
            foreach ((double period, double amplitude, double phase) in waves) expected[t] += amplitude
                * Math.Sin((2 * Math.PI * t / period) + phase);
            values[t] = expected[t] + (noise * Normal(key, (ulong)t));
        }

        return new SeasonalSeries(values, expected, noise, Week);
    }

    // Box and Muller: sqrt(-2 log u) cos(2 pi v) is normal for u, v uniform in (0, 1].
    private static double Normal(ulong key, ulong index)
    {
        double u = (double)((CounterRandom.At(key, 2 * index) >> 11) + 1) / (1UL << 53),
            v = (double)((CounterRandom.At(key, (2 * index) + 1) >> 11) + 1) / (1UL << 53);
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }
}
