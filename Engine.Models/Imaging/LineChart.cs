namespace Engine.Models.Imaging;

/// <summary>
/// Lines over a common axis, such as losses over training steps: <see cref="Add(string, ReadOnlySpan{double}, ReadOnlySpan{double},
/// Rgb?)"/>, then <see cref="Draw"/>.
/// </summary>
public sealed class LineChart
{
    private readonly record struct Series(string Name, Rgb Color, double[] X, double[] Y);

    private readonly List<Series> _series = [];
    private readonly List<(Series Low, double[] High)> _bands = [];

    /// <summary>Written above the chart.</summary>
    public string Title { get; init; } = "";

    /// <summary>Written below the horizontal axis.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>Written along the vertical axis.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>Columns of the picture.</summary>
    public int Width { get; init; } = 960;

    /// <summary>Rows of the picture.</summary>
    public int Height { get; init; } = 540;

    /// <summary>Whether the vertical axis is logarithmic; values of 0 and below are then left out.</summary>
    public bool LogY { get; init; }

    /// <summary>
    /// Weight of the past in an exponential moving average, in [0, 1); where it is above 0 the values themselves show faintly behind the
    /// average.
    /// </summary>
    public double Smoothing { get; init; }

    /// <summary>Adds a line over 0, 1, 2, ...</summary>
    public LineChart Add(string name, ReadOnlySpan<double> y, Rgb? color = null)
    {
        double[] x = new double[y.Length];
        for (int i = 0; i < x.Length; i++) x[i] = i;
        return Add(name, x, y, color);
    }

    /// <summary>Adds a line through points; one that is not finite breaks it.</summary>
    /// <exception cref="ArgumentException">There are not as many x as y.</exception>
    public LineChart Add(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> y, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (x.Length != y.Length) throw new ArgumentException($"The line '{name}' needs as many x as y, found {x.Length} and {y.Length}.");
        _series.Add(new Series(name, color ?? Rgb.Palette[_series.Count % Rgb.Palette.Length], x.ToArray(), y.ToArray()));
        return this;
    }

    /// <summary>
    /// Adds a band between two lines, behind all lines: an interval in which something is expected. Points that are not finite leave a gap.
    /// </summary>
    /// <exception cref="ArgumentException">There are not as many x as low and high.</exception>
    public LineChart AddBand(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> low, ReadOnlySpan<double> high, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (x.Length != low.Length || x.Length != high.Length)
            throw new ArgumentException(
                $"The band '{name}' needs as many x as low and high, found {x.Length}, {low.Length} and {high.Length}.");
        _bands.Add((new Series(name, color ?? Rgb.Palette[(_series.Count + _bands.Count) % Rgb.Palette.Length], x.ToArray(), low.ToArray()),
            high.ToArray()));
        return this;
    }

    /// <summary>Draws the chart. Without a finite point it shows empty axes.</summary>
    /// <exception cref="ArgumentException">A property is out of range, or the picture too small for the labels.</exception>
    public Picture Draw()
    {
        if (!(Smoothing >= 0 && Smoothing < 1)) throw new ArgumentException($"Smoothing must lie in [0, 1), was {Smoothing}.");
        double xLow = double.PositiveInfinity, xHigh = double.NegativeInfinity, yLow = xLow, yHigh = xHigh;
        foreach (Series s in (IEnumerable<Series>)[.. _series, .. _bands.Select(band => band.Low),
            .. _bands.Select(band => band.Low with { Y = band.High })])
        {
            for (int i = 0; i < s.X.Length; i++)
            {
                if (!Shows(s.X[i], s.Y[i])) continue;
                (xLow, xHigh) = (Math.Min(xLow, s.X[i]), Math.Max(xHigh, s.X[i]));
                (yLow, yHigh) = (Math.Min(yLow, s.Y[i]), Math.Max(yHigh, s.Y[i]));
            }
        }

        (string, Rgb)[] legend = [.. _series.Select(s => (s.Name, s.Color)), .. _bands.Select(band => (band.Low.Name, band.Low.Color))];
        var axes = new Axes(Width, Height, Title, XLabel, YLabel, Axes.Around(xLow, xHigh, 0), Axes.Around(yLow, yHigh, 0.05, LogY),
            legend);
        foreach ((Series low, double[] high) in _bands) Plot(axes, low, high);
        if (Smoothing > 0)
        {
            foreach (Series s in _series) Plot(axes, s.X, s.Y, s.Color, thickness: 1, share: 0.3);
        }

        foreach (Series s in _series) Plot(axes, s.X, Smoothing > 0 ? Smoothed(s.Y) : s.Y, s.Color, thickness: 2, share: 1);
        return axes.Finish();
    }

    // A column of pixels at a time, between two points in proportion.
    private void Plot(Axes axes, Series low, double[] high)
    {
        for (int i = 0; i + 1 < high.Length; i++)
        {
            if (!Shows(low.X[i], low.Y[i]) || !Shows(low.X[i + 1], low.Y[i + 1]) || !Shows(low.X[i], high[i])
                || !Shows(low.X[i + 1], high[i + 1])) continue;
            int from = (int)Math.Round(axes.X(low.X[i])), to = (int)Math.Round(axes.X(low.X[i + 1]));
            for (int column = from; column < to; column++)
            {
                double way = (column - from + 0.5) / (to - from);
                double bottom = Between(axes.Y(low.Y[i]), axes.Y(low.Y[i + 1])), top = Between(axes.Y(high[i]), axes.Y(high[i + 1]));
                axes.Picture.Fill(column, (int)Math.Round(Math.Min(top, bottom)), 1, Math.Max(1, (int)Math.Round(Math.Abs(bottom - top))),
                    low.Color, 0.35);

                double Between(double first, double second) => first + (way * (second - first));
            }
        }
    }

    private bool Shows(double x, double y) => double.IsFinite(x) && double.IsFinite(y) && (!LogY || y > 0);

    private void Plot(Axes axes, double[] x, double[] y, Rgb color, double thickness, double share)
    {
        bool joined = false;
        double lastX = 0, lastY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            if (!Shows(x[i], y[i]))
            {
                joined = false;
                continue;
            }

            double px = axes.X(x[i]), py = axes.Y(y[i]);
            bool ends = i + 1 == x.Length || !Shows(x[i + 1], y[i + 1]);
            if (!joined)
            {
                if (ends) axes.Picture.Line(px, py, px, py, color, thickness + 3, share);
            }
            else if (Crowded(axes, x, y, i, px) is { } column)
            {
                // Many points in one column of pixels: one vertical stroke over their range shows the same and costs less.
                axes.Picture.Line(lastX, lastY, px, py, color, thickness, share);
                axes.Picture.Line(px, axes.Y(column.Low), px, axes.Y(column.High), color, thickness, share);
                i = column.Last;
                (px, py) = (axes.X(x[i]), axes.Y(y[i]));
            }
            else
            {
                axes.Picture.Line(lastX, lastY, px, py, color, thickness, share);
            }

            (lastX, lastY, joined) = (px, py, true);
        }
    }

    // The range of four or more points from i on that lie within half a pixel of each other; null when there are fewer.
    private (double Low, double High, int Last)? Crowded(Axes axes, double[] x, double[] y, int i, double px)
    {
        double low = y[i], high = y[i];
        int last = i;
        while (last + 1 < x.Length && Shows(x[last + 1], y[last + 1]) && Math.Abs(axes.X(x[last + 1]) - px) < 0.5)
        {
            last++;
            (low, high) = (Math.Min(low, y[last]), Math.Max(high, y[last]));
        }

        return last - i >= 3 ? (low, high, last) : null;
    }

    // Exponential moving average with the bias of its start removed, as Adam does: m / (1 - w^n).
    private double[] Smoothed(double[] y)
    {
        double[] smooth = new double[y.Length];
        double mean = 0, weight = 0;
        for (int i = 0; i < y.Length; i++)
        {
            if (!Shows(0, y[i]))
            {
                smooth[i] = double.NaN;
                continue;
            }

            mean = Smoothing * mean + (1 - Smoothing) * y[i];
            weight = Smoothing * weight + (1 - Smoothing);
            smooth[i] = mean / weight;
        }

        return smooth;
    }
}
