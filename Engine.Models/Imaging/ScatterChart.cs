namespace Engine.Models.Imaging;

/// <summary>Points in the plane, a colour for each class: where a model puts images, for example.</summary>
public sealed class ScatterChart
{
    private readonly List<(string Name, double[] X, double[] Y)> _series = [];

    /// <summary>Written above the chart.</summary>
    public string Title { get; init; } = "";

    /// <summary>Written below the horizontal axis.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>Written along the vertical axis.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>Columns of the picture.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Rows of the picture.</summary>
    public int Height { get; init; } = 640;

    /// <summary>Adds the points of one class; those that are not finite are left out.</summary>
    /// <exception cref="ArgumentException">There are not as many x as y.</exception>
    public ScatterChart Add(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (x.Length != y.Length) throw new ArgumentException(
            $"The points of '{name}' need as many x as y, found {x.Length} and {y.Length}.");
        bool[] shows = new bool[x.Length];
        for (int i = 0; i < x.Length; i++) shows[i] = double.IsFinite(x[i]) && double.IsFinite(y[i]);
        _series.Add((name, [.. x.ToArray().Where((_, i) => shows[i])], [.. y.ToArray().Where((_, i) => shows[i])]));
        return this;
    }

    /// <summary>Draws the chart. Without a point it shows empty axes.</summary>
    /// <exception cref="ArgumentException">The picture is too small for the labels.</exception>
    public Picture Draw()
    {
        double[] xs = [.. _series.SelectMany(s => s.X)], ys = [.. _series.SelectMany(s => s.Y)];
        (string, Rgb)[] legend = [.. _series.Select((s, i) => (s.Name, Color(i)))];
        Axes axes = new(Width, Height, Title, XLabel, YLabel, Range(xs), Range(ys), legend);

        // Points of all classes by turns, so that the last class does not cover the others.
        int most = _series.Count == 0 ? 0 : _series.Max(s => s.X.Length);
        for (int i = 0; i < most; i++)
        {
            for (int s = 0; s < _series.Count; s++)
            {
                if (i >= _series[s].X.Length) continue;
                (double x, double y) = (axes.X(_series[s].X[i]), axes.Y(_series[s].Y[i]));
                axes.Picture.Line(x, y, x, y, Color(s), thickness: 3, share: 0.8);
            }
        }

        return axes.Finish();
    }

    private static Axes.Range Range(double[] values) =>
        values.Length == 0 ? Axes.Around(1, 0, 0) : Axes.Around(values.Min(), values.Max(), 0.03);

    // Hues round the circle, light and dark by turns, so that neighbours differ in both.
    private Rgb Color(int index)
    {
        double hue = (double)index / _series.Count, value = index % 2 == 0 ? 0.9 : 0.55;
        return new Rgb(Channel(hue, 5, value), Channel(hue, 3, value), Channel(hue, 1, value));
    }

    // A channel of a colour given by hue, saturation and value: v - v s max(0, min(k, 4 - k, 1)), k = (n + 6 hue) mod 6.
    private static byte Channel(double hue, int n, double value)
    {
        const double Saturation = 0.9;
        double k = (n + (6 * hue)) % 6;
        return (byte)Math.Round(255 * value * (1 - (Saturation * Math.Clamp(Math.Min(k, 4 - k), 0, 1))));
    }
}
