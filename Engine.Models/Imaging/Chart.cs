using System.Globalization;
using System.Net;
using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Engine.Models.Imaging;

/// <summary>
/// Lines, bands, points and histograms over two axes, drawn by OxyPlot as SVG on a white ground, in which text is text. Set the properties,
/// add what is to be drawn, then <see cref="Save"/> or <see cref="Training.OutputFolder.Save(string, Chart, string?)"/>. The same numbers
/// give the same bytes.
/// </summary>
/// <example>
/// <code>
/// run.Output.Save("losses.svg", new Chart { Title = "losses", XLabel = "epoch" }.Line("train", train).Line("test", test));
/// </code>
/// </example>
public sealed class Chart
{
    // Points of several classes are drawn in parts by turns, so that the last class does not cover the others.
    private const int Turns = 16;

    /// <summary>An empty chart.</summary>
    public Chart()
    {
        Model = new PlotModel
        {
            Background = OxyColors.White, PlotAreaBorderColor = OxyColors.Gray, Padding = new OxyThickness(8, 8, 24, 8),
            DefaultFont = "Arial, Liberation Sans, Helvetica, sans-serif", DefaultFontSize = 14, TitleFontWeight = 400,
            Culture = CultureInfo.InvariantCulture,
        };
        Model.Axes.Add(Framed(new LinearAxis(), AxisPosition.Bottom, 0.01));
        Model.Axes.Add(Framed(new LinearAxis(), AxisPosition.Left, 0.05));
        Model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.TopLeft,
            LegendOrientation = LegendOrientation.Horizontal, LegendMargin = 0, LegendLineSpacing = 4,
        });
    }

    /// <summary>OxyPlot's model of the chart: whatever else the library draws can be added to it.</summary>
    public PlotModel Model { get; }

    /// <summary>Written above the chart.</summary>
    public string Title
    {
        get => Model.Title ?? "";
        init => Model.Title = value;
    }

    /// <summary>Written below the horizontal axis.</summary>
    public string XLabel
    {
        get => Model.Axes[0].Title ?? "";
        init => Model.Axes[0].Title = value;
    }

    /// <summary>Written along the vertical axis.</summary>
    public string YLabel
    {
        get => Model.Axes[1].Title ?? "";
        init => Model.Axes[1].Title = value;
    }

    /// <summary>Pixels from left to right where the chart is not scaled; 960.</summary>
    public int Width { get; init; } = 960;

    /// <summary>Pixels from top to bottom where the chart is not scaled; 540.</summary>
    public int Height { get; init; } = 540;

    /// <summary>Whether the vertical axis is logarithmic; values of 0 and below are then left out.</summary>
    public bool LogY
    {
        get => Model.Axes[1] is LogarithmicAxis;
        init
        {
            string? title = Model.Axes[1].Title;
            Model.Axes[1] = Framed(value ? new LogarithmicAxis { UseSuperExponentialFormat = false } : new LinearAxis(), AxisPosition.Left,
                0.05);
            Model.Axes[1].Title = title;
        }
    }

    /// <summary>Adds a line over 0, 1, 2, ...</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="y">Its values; one that is not finite breaks it.</param>
    /// <param name="color">Its colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    public Chart Line(string name, ReadOnlySpan<double> y, Rgb? color = null) =>
        Line(name, [.. Enumerable.Range(0, y.Length).Select(i => (double)i)], y, color);

    /// <summary>Adds a line through points.</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="x">The x of each point.</param>
    /// <param name="y">The y of each; a point that is not finite breaks the line.</param>
    /// <param name="color">Its colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    /// <exception cref="ArgumentException">There are not as many x as y.</exception>
    public Chart Line(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> y, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        OxyColor ink = Color(color);
        DataPoint[] points = Points($"The line '{name}'", x, y);
        LineSeries line = new() { Title = name, Color = ink, StrokeThickness = 2, Decimator = Decimator.Decimate };
        line.Points.AddRange(points);
        Model.Series.Add(line);

        // A point between two gaps has no line: it shows as a dot.
        bool[] shows = [.. points.Select(point => point.IsDefined())];
        int[] alone = [.. Enumerable.Range(0, points.Length)
            .Where(i => shows[i] && (i == 0 || !shows[i - 1]) && (i + 1 == points.Length || !shows[i + 1]))];
        if (alone.Length > 0) Model.Series.Add(Dots(null, alone.Select(i => points[i]), ink, 3));
        return this;
    }

    /// <summary>Adds a band between two lines, an interval in which something is expected.</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="x">The x of each point.</param>
    /// <param name="low">The lower line.</param>
    /// <param name="high">The upper line; where one of both is not finite, the band has a gap.</param>
    /// <param name="color">Its colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    /// <exception cref="ArgumentException">There are not as many x as low and high.</exception>
    public Chart Band(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> low, ReadOnlySpan<double> high, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        OxyColor ink = Color(color);
        DataPoint[] lower = Points($"The band '{name}'", x, low), upper = Points($"The band '{name}'", x, high);
        string? title = name;
        for (int first = 0; first < lower.Length; first++)
        {
            int end = first;
            while (end < lower.Length && lower[end].IsDefined() && upper[end].IsDefined()) end++;
            if (end == first) continue;
            AreaSeries area = new() { Title = title, Fill = OxyColor.FromAColor(90, ink), StrokeThickness = 0, Color = ink };
            area.Points.AddRange(lower[first..end]);
            area.Points2.AddRange(upper[first..end]);
            Model.Series.Add(area);
            (title, first) = (null, end);
        }

        return this;
    }

    /// <summary>Adds points, such as those of one class.</summary>
    /// <param name="name">Their name in the legend.</param>
    /// <param name="x">The x of each.</param>
    /// <param name="y">The y of each; points that are not finite are left out.</param>
    /// <param name="color">Their colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    /// <exception cref="ArgumentException">There are not as many x as y.</exception>
    public Chart Scatter(string name, ReadOnlySpan<double> x, ReadOnlySpan<double> y, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        OxyColor ink = Color(color);
        DataPoint[] points = [.. Points($"The points of '{name}'", x, y).Where(point => point.IsDefined())];
        for (int turn = 0; turn < Turns; turn++)
        {
            ScatterSeries dots = Dots(turn == 0 ? name : null, points.Where((_, i) => i % Turns == turn), ink, 2.5);
            dots.Tag = turn;
            Model.Series.Add(dots);
        }

        return this;
    }

    /// <summary>
    /// Adds the histogram of some samples, whose bars have the area 1 together, so that it can be compared with a density.
    /// </summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="samples">The samples; those that are not finite are left out.</param>
    /// <param name="low">The left end of the first bar.</param>
    /// <param name="high">The right end of the last; samples outside have no bar, but count in the area.</param>
    /// <param name="bins">How many bars.</param>
    /// <param name="color">Its colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    /// <exception cref="ArgumentException">The range does not rise from a finite low to a finite high.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 1 bin.</exception>
    public Chart Histogram(string name, ReadOnlySpan<float> samples, double low, double high, int bins = 60, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        CheckRange(low, high);
        OxyColor ink = Color(color);
        double[] finite = [.. samples.ToArray().Where(float.IsFinite).Select(sample => (double)sample)];
        BinningOptions binning = new(
            BinningOutlierMode.CountOutliers, BinningIntervalType.InclusiveLowerBound, BinningExtremeValueMode.IncludeExtremeValues);
        HistogramSeries bars = new()
        {
            Title = name, FillColor = OxyColor.FromAColor(115, ink), StrokeColor = ink, StrokeThickness = 0.5,
        };
        if (finite.Length > 0) bars.Items.AddRange(
            HistogramHelpers.Collect(finite, HistogramHelpers.CreateUniformBins(low, high, bins), binning));
        Model.Series.Add(bars);
        return this;
    }

    /// <summary>Adds the curve of a function.</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="function">The function.</param>
    /// <param name="low">Where the curve begins.</param>
    /// <param name="high">Where it ends.</param>
    /// <param name="color">Its colour; null takes the next of <see cref="Rgb.Palette"/>.</param>
    /// <exception cref="ArgumentException">The range does not rise from a finite low to a finite high.</exception>
    public Chart Function(string name, Func<double, double> function, double low, double high, Rgb? color = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        CheckRange(low, high);
        const int Steps = 400;
        double[] x = [.. Enumerable.Range(0, Steps + 1).Select(i => low + ((high - low) * i / Steps))];
        return Line(name, x, [.. x.Select(function)], color);
    }

    /// <summary>The chart as SVG.</summary>
    public string ToSvg()
    {
        List<Series> series = [.. Model.Series.OrderBy(drawn => drawn.Tag is int turn ? turn : -1)];
        Model.Series.Clear();
        foreach (Series drawn in series) Model.Series.Add(drawn);

        // There are no half epochs or steps.
        if (Model.Series.OfType<DataPointSeries>().All(line => line.Points.All(point => !point.IsDefined() || point.X % 1 == 0))
            && !Model.Series.Any(drawn => drawn is ScatterSeries { Title: not null } or HistogramSeries))
            (Model.Axes[0].MinimumMajorStep, Model.Axes[0].MinimumMinorStep) = (1, 1);
        string svg = new SvgExporter { Width = Width, Height = Height, TextMeasurer = new WideText(Width, Height) }.ExportToString(Model);

        // With a view box the chart can be shown in any size; the title is what a screen reader says.
        int start = svg.IndexOf("<svg ", StringComparison.Ordinal), end = svg.IndexOf('>', start);
        return $"{svg[start..end]} viewBox=\"0 0 {Width} {Height}\" role=\"img\">\n  <title>{WebUtility.HtmlEncode(Title)}</title>"
            + svg[(end + 1)..];
    }

    /// <summary>Writes the chart as an SVG file, whole or not at all; folders on the way are made.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void Save(string path) => Picture.Write(path, Encoding.UTF8.GetBytes(ToSvg()));

    private static Axis Framed(Axis axis, AxisPosition position, double padding)
    {
        (axis.Position, axis.MinimumPadding, axis.MaximumPadding) = (position, padding, padding);
        (axis.MajorGridlineStyle, axis.MajorGridlineColor) = (LineStyle.Solid, OxyColor.FromRgb(228, 228, 228));
        (axis.TickStyle, axis.TicklineColor, axis.MinorTickSize, axis.AxisTitleDistance) = (TickStyle.Outside, OxyColors.Gray, 0, 8);
        return axis;
    }

    private static ScatterSeries Dots(string? name, IEnumerable<DataPoint> points, OxyColor ink, double size)
    {
        ScatterSeries dots = new() { Title = name, MarkerType = MarkerType.Circle, MarkerSize = size, MarkerFill = ink };
        dots.Points.AddRange(points.Select(point => new ScatterPoint(point.X, point.Y)));
        return dots;
    }

    private static void CheckRange(double low, double high)
    {
        if (!(double.IsFinite(low) && double.IsFinite(high) && low < high)) throw new ArgumentException(
            string.Create(CultureInfo.InvariantCulture, $"Expected a range from a finite low to a finite high, found {low} to {high}."));
    }

    private DataPoint[] Points(string what, ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"{what} needs as many x as y, found {x.Length} and {y.Length}.");
        DataPoint[] points = new DataPoint[x.Length];
        for (int i = 0; i < points.Length; i++)
        {
            bool shows = double.IsFinite(x[i]) && double.IsFinite(y[i]) && (!LogY || y[i] > 0);
            points[i] = shows ? new DataPoint(x[i], y[i]) : DataPoint.Undefined;
        }

        return points;
    }

    private OxyColor Color(Rgb? color)
    {
        int given = Model.Series.Count(series => series.Title is not null);
        Rgb ink = color ?? Rgb.Palette[given % Rgb.Palette.Length];
        return OxyColor.FromRgb(ink.R, ink.G, ink.B);
    }

    // The library knows the widths of Arial. Where a reader has another font, such as DejaVu, letters are wider, bold ones by a third.
    private sealed class WideText(double width, double height) : PdfRenderContext(width, height, OxyColors.White)
    {
        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
        {
            OxySize size = base.MeasureText(text, "Arial", fontSize, fontWeight);
            return new OxySize(1.3 * size.Width, size.Height);
        }
    }
}
