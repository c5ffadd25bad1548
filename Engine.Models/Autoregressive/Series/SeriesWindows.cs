using Engine.Models.Data;

namespace Engine.Models.Autoregressive.Series;

/// <summary>
/// Pieces of a series, each a stretch to read and one to forecast, in the units of a model: each piece is measured from the mean of what is
/// read of it, so that a trend does not leave the range that training has seen, and in the standard deviation of the series.
/// </summary>
/// <param name="values">The series.</param>
/// <param name="context">Steps to read; at least 1.</param>
/// <param name="horizon">Steps to forecast; at least 1.</param>
/// <param name="scale">The unit of the model, in the units of the series.</param>
public sealed class SeriesWindows(IReadOnlyList<double> values, int context, int horizon, double scale)
{
    /// <summary>Steps to read.</summary>
    public int Context => context;

    /// <summary>Steps to forecast.</summary>
    public int Horizon => horizon;

    /// <summary>How many different pieces there are; 0 where the series is shorter than a piece.</summary>
    public int Count => (int)Math.Max(0, (long)values.Count - context - horizon + 1);

    /// <summary>The unit of the model, in the units of the series.</summary>
    public double Scale => scale;

    /// <summary>The mean of what is read of a piece: the zero of its units.</summary>
    /// <param name="start">The first step.</param>
    public double Zero(int start)
    {
        double sum = 0;
        for (int t = start; t < start + context; t++) sum += values[t];
        return sum / context;
    }

    /// <summary>
    /// How far the values of a series lie from the mean of as many before them, as the root of a mean square: a scale that a trend does not
    /// stretch.
    /// </summary>
    /// <param name="values">The series, of more than <paramref name="before"/> steps.</param>
    /// <param name="before">Steps of the mean.</param>
    /// <exception cref="ArgumentException">The series is too short.</exception>
    public static double Spread(IReadOnlyList<double> values, int before)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(before, 1);
        if (values.Count <= before) throw new ArgumentException(
            $"A series of more than {before} steps was expected, found {values.Count}.");
        double sum = values.Take(before).Sum(), squares = 0;
        for (int t = before; t < values.Count; t++)
        {
            squares += Math.Pow(values[t] - (sum / before), 2);
            sum += values[t] - values[t - before];
        }

        return Math.Sqrt(squares / (values.Count - before));
    }

    /// <summary>Writes a piece, or the beginning of it, in the units of a model.</summary>
    /// <param name="start">The first step.</param>
    /// <param name="target">Receives its values.</param>
    public void Write(int start, Span<float> target)
    {
        double zero = Zero(start);
        for (int t = 0; t < target.Length; t++) target[t] = (float)((values[start + t] - zero) / scale);
    }

    /// <summary>Pieces drawn anywhere, a function of the seed and of which batch it is.</summary>
    /// <param name="batch">Which batch.</param>
    /// <param name="count">Pieces in it.</param>
    /// <param name="seed">What the draws depend on.</param>
    public float[] Draw(long batch, int count, ulong seed)
    {
        int length = checked(context + horizon);
        float[] pieces = new float[ArrayLength.Of(nameof(Draw), nameof(count), count, length)];
        CounterRandom random = new(CounterRandom.Key(seed, 0x70696563, (ulong)batch));
        for (int i = 0; i < count; i++) Write(random.Below(Count), pieces.AsSpan(i * length, length));
        return pieces;
    }
}
