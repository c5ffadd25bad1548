using System.Globalization;

namespace Engine.Models.Imaging;

/// <summary>
/// The frame that charts share: title, legend, axes with round tick values, grid lines; and the way from values to pixels.
/// </summary>
internal sealed class Axes
{
    private const int Scale = 2;
    private const int Gap = 10;
    private static readonly Rgb s_ink = new(40, 40, 40), s_grid = new(228, 228, 228), s_frame = new(120, 120, 120);

    private readonly Range _x;
    private readonly Range _y;

    /// <summary>A range of values along an axis; on a logarithmic one, of their decimal logarithms.</summary>
    public readonly record struct Range(double Low, double High, bool Logarithmic = false)
    {
        public double Share(double value) => ((Logarithmic ? Math.Log10(value) : value) - Low) / (High - Low);
    }

    public Axes(int width, int height, string title, string xLabel, string yLabel, Range x, Range y,
        IReadOnlyList<(string Name, Rgb Color)> legend)
    {
        (_x, _y) = (x, y);
        Picture = new Picture(width, height, 3);
        Picture.Fill(0, 0, width, height, Rgb.White);

        List<(double Value, string Label)> yTicks = Ticks(y, Math.Max(2, height / 70)), xTicks = Ticks(x, Math.Max(2, width / 110));
        int text = PixelFont.Height * Scale, yWidth = yTicks.Count == 0 ? 0 : yTicks.Max(t => PixelFont.Width(t.Label, Scale));
        Left = Gap + (yLabel.Length > 0 ? text + Gap : 0) + yWidth + Gap;
        Right = width - 3 * Gap;
        int top = Gap;
        if (title.Length > 0)
        {
            int size = PixelFont.Width(title, Scale + 1) <= Right - Left ? Scale + 1 : Scale;
            Picture.Text(Left, top, title, s_ink, size);
            top += PixelFont.Height * size + Gap;
        }

        Top = Legend(legend, top) + Gap / 2;
        Bottom = height - Gap - text - Gap / 2 - (xLabel.Length > 0 ? text + Gap / 2 : 0);
        if (Right - Left < 20 || Bottom - Top < 20)
            throw new ArgumentException($"A chart of {width} x {height} pixels has no room for its labels and a plot of 20 x 20.");

        foreach ((double value, string label) in yTicks)
        {
            int at = (int)Math.Round(Y(value));
            Picture.Fill(Left, at, Right - Left, 1, s_grid);
            Picture.Text(Left - Gap - PixelFont.Width(label, Scale), at - PixelFont.Ascent * Scale / 2, label, s_ink, Scale);
        }

        foreach ((double value, string label) in xTicks)
        {
            int at = (int)Math.Round(X(value)), labelWidth = PixelFont.Width(label, Scale);
            Picture.Fill(at, Top, 1, Bottom - Top, s_grid);
            Picture.Text(Math.Min(at - labelWidth / 2, width - labelWidth - 2), Bottom + Gap, label, s_ink, Scale);
        }

        if (xLabel.Length > 0) Picture.Text(
            (Left + Right - PixelFont.Width(xLabel, Scale)) / 2, height - Gap / 2 - text, xLabel, s_ink, Scale);
        if (yLabel.Length > 0) PixelFont.DrawUpwards(
            Picture, Gap, (Top + Bottom + PixelFont.Width(yLabel, Scale)) / 2, yLabel, s_ink, Scale);
    }

    public Picture Picture { get; }

    public int Left { get; }

    public int Right { get; }

    public int Top { get; }

    public int Bottom { get; }

    public double X(double value) => Left + _x.Share(value) * (Right - Left);

    public double Y(double value) => Bottom - _y.Share(value) * (Bottom - Top);

    /// <summary>Draws the frame over what the chart has drawn; the last step.</summary>
    public Picture Finish()
    {
        Picture.Fill(Left - 1, Top, 2, Bottom - Top + 1, s_frame);
        Picture.Fill(Left - 1, Bottom, Right - Left + 2, 2, s_frame);
        return Picture;
    }

    /// <summary>
    /// A range that shows all values, a little larger than they are. A single value gets room on both sides, and no value at all 0 to 1.
    /// </summary>
    public static Range Around(double low, double high, double margin, bool logarithmic = false)
    {
        if (logarithmic) (low, high) = (Math.Log10(low), Math.Log10(high));
        if (!(low <= high)) return new Range(0, 1, logarithmic);
        double room = (high - low) * margin;
        if (high - low <= 1e-12 * Math.Max(Math.Abs(low), Math.Abs(high)) || high == low) room = logarithmic ? 0.5
            : Math.Max(0.5 * Math.Abs(low), 0.5);
        return new Range(low - room, high + room, logarithmic);
    }

    // A row of coloured bars with names, in as many lines as they need. Returns where it ends.
    private int Legend(IReadOnlyList<(string Name, Rgb Color)> legend, int top)
    {
        const int bar = 24;
        int text = PixelFont.Height * Scale, at = Left;
        if (legend.Count == 0) return top;
        foreach ((string name, Rgb color) in legend)
        {
            int width = bar + Gap + PixelFont.Width(name, Scale);
            if (at > Left && at + width > Right) (at, top) = (Left, top + text + Gap / 2);
            Picture.Fill(at, top + PixelFont.Ascent * Scale / 2 - 3, bar, 6, color);
            Picture.Text(at + bar + Gap, top, name, s_ink, Scale);
            at += width + 3 * Gap;
        }

        return top + text;
    }

    // Multiples of 1, 2 or 5 times a power of ten, about as many as wanted; on a logarithmic axis whole powers of ten where there are two
    // or more.
    public static List<(double Value, string Label)> Ticks(Range range, int wanted)
    {
        List<(double, string)> ticks = [];
        double span = range.High - range.Low;
        if (range.Logarithmic)
        {
            int first = (int)Math.Ceiling(range.Low), last = (int)Math.Floor(range.High),
                every = Math.Max(1, (last - first + wanted) / wanted);
            ReadOnlySpan<int> steps = last - first >= 2 ? [1] : [1, 2, 5];
            for (int power = first - 1; power <= last; power += every)
            {
                foreach (int step in steps)
                {
                    double value = step * Math.Pow(10, power), log = Math.Log10(value);
                    if (log >= range.Low && log <= range.High) ticks.Add((value, Label(value, value)));
                }
            }

            return ticks;
        }

        double rough = span / wanted, magnitude = Math.Pow(10, Math.Floor(Math.Log10(rough))), ratio = rough / magnitude;
        double tick = magnitude * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
        for (double n = Math.Ceiling(range.Low / tick - 1e-9); n * tick <= range.High + 1e-9 * span; n++)
        {
            double value = n * tick;
            ticks.Add((value, Label(n == 0 ? 0 : value, tick)));
        }

        return ticks;
    }

    private static string Label(double value, double step)
    {
        double size = Math.Abs(value);
        if (size != 0 && (size >= 1e9 || step < 1e-5)) return value.ToString("0.##e+0", CultureInfo.InvariantCulture);
        if (step >= 1e6 || size >= 1e7) return (value / 1e6).ToString("0.###", CultureInfo.InvariantCulture) + (value == 0 ? "" : "M");
        if (step >= 1e3 && size >= 1e3) return (value / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + "k";
        int decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 8);
        return value.ToString("F" + decimals, CultureInfo.InvariantCulture);
    }
}
