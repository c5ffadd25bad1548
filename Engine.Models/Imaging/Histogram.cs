namespace Engine.Models.Imaging;

/// <summary>
/// Histograms of samples laid over each other, with density curves: what a one-dimensional model draws beside what it should. The area of
/// each histogram is 1, so that it can be compared with a density.
/// </summary>
public sealed class Histogram
{
    private readonly record struct Samples(string Name, Rgb Color, double[] Values);

    private readonly record struct Curve(string Name, Rgb Color, Func<double, double> Density);

    private readonly List<Samples> _samples = [];
    private readonly List<Curve> _curves = [];

    /// <summary>Written above the chart.</summary>
    public string Title { get; init; } = "";

    /// <summary>Written below the horizontal axis.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>Written along the vertical axis.</summary>
    public string YLabel { get; init; } = "density";

    /// <summary>Columns of the picture.</summary>
    public int Width { get; init; } = 960;

    /// <summary>Rows of the picture.</summary>
    public int Height { get; init; } = 540;

    /// <summary>Bins over the shown range.</summary>
    public int Bins { get; init; } = 60;

    /// <summary>Left end of the shown range; null shows all samples. Samples outside still count in the area.</summary>
    public double? Low { get; init; }

    /// <summary>Right end of the shown range; null shows all samples.</summary>
    public double? High { get; init; }

    /// <summary>Adds the histogram of some samples; those that are not finite are left out.</summary>
    public Histogram AddSamples(string name, ReadOnlySpan<float> samples, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        List<double> finite = new(samples.Length);
        foreach (float s in samples)
        {
            if (float.IsFinite(s)) finite.Add(s);
        }

        _samples.Add(new Samples(name, color ?? NextColor(), [.. finite]));
        return this;
    }

    /// <summary>Adds the curve of a density.</summary>
    public Histogram AddCurve(string name, Func<double, double> density, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(density);
        _curves.Add(new Curve(name, color ?? NextColor(), density));
        return this;
    }

    /// <summary>Draws the chart. Without samples it shows the curves over [Low, High], or [0, 1].</summary>
    /// <exception cref="ArgumentException">A property is out of range, or the picture too small for the labels.</exception>
    public Picture Draw()
    {
        if (Bins < 1) throw new ArgumentException($"Bins must be at least 1, was {Bins}.");
        Axes.Range x = RangeOfX();
        double[][] heights = [.. _samples.Select(s => Heights(s.Values, x))];
        double top = heights.SelectMany(h => h).DefaultIfEmpty(0).Max();
        const int curveSteps = 400;
        foreach (Curve c in _curves)
        {
            for (int i = 0; i <= curveSteps; i++)
            {
                double density = c.Density(x.Low + (x.High - x.Low) * i / curveSteps);
                if (double.IsFinite(density)) top = Math.Max(top, density);
            }
        }

        (string, Rgb)[] legend = [.. _curves.Select(c => (c.Name, c.Color)), .. _samples.Select(s => (s.Name, s.Color))];
        var axes = new Axes(Width, Height, Title, XLabel, YLabel, x, new Axes.Range(0, top > 0 ? top * 1.08 : 1), legend);
        for (int s = 0; s < heights.Length; s++) Bars(axes, heights[s], x, _samples[s].Color);
        foreach (Curve c in _curves)
        {
            for (int i = 0; i < curveSteps; i++)
            {
                double a = x.Low + (x.High - x.Low) * i / curveSteps, b = x.Low + (x.High - x.Low) * (i + 1) / curveSteps;
                double fa = c.Density(a), fb = c.Density(b);
                if (double.IsFinite(fa) && double.IsFinite(fb)) axes.Picture.Line(
                    axes.X(a), axes.Y(fa), axes.X(b), axes.Y(fb), c.Color, thickness: 3);
            }
        }

        return axes.Finish();
    }

    private Rgb NextColor() => Rgb.Palette[(_samples.Count + _curves.Count) % Rgb.Palette.Length];

    private Axes.Range RangeOfX()
    {
        double[] all = [.. _samples.SelectMany(s => s.Values)];
        Axes.Range found = all.Length > 0 ? Axes.Around(all.Min(), all.Max(), 0.03) : new Axes.Range(0, 1);
        double low = Low ?? (High <= found.Low ? High.Value - 1 : found.Low),
            high = High ?? (Low >= found.High ? Low.Value + 1 : found.High);
        if (!(double.IsFinite(low) && double.IsFinite(high) && low < high))
            throw new ArgumentException($"The shown range must rise from a finite low to a finite high, was {low} to {high}.");
        return new Axes.Range(low, high);
    }

    // count / (all samples * bin width): the bars of all samples together have the area 1.
    private double[] Heights(double[] values, Axes.Range x)
    {
        double[] heights = new double[Bins];
        double width = (x.High - x.Low) / Bins;
        foreach (double v in values)
        {
            if (v < x.Low || v > x.High) continue;
            heights[Math.Min(Bins - 1, (int)((v - x.Low) / width))] += 1 / (values.Length * width);
        }

        return heights;
    }

    private void Bars(Axes axes, double[] heights, Axes.Range x, Rgb color)
    {
        double width = (x.High - x.Low) / Bins;
        for (int b = 0; b < Bins; b++)
        {
            if (heights[b] == 0) continue;
            int left = (int)Math.Round(axes.X(x.Low + b * width)), right = (int)Math.Round(axes.X(x.Low + (b + 1) * width));
            int top = (int)Math.Round(axes.Y(heights[b]));
            axes.Picture.Fill(left, top, Math.Max(1, right - left - 1), axes.Bottom - top, color, share: 0.45);
            axes.Picture.Fill(left, top, Math.Max(1, right - left - 1), 2, color);
        }
    }
}
