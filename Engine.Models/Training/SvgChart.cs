using System.Globalization;
using System.Net;
using System.Text;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>Curves as SVG inside a page, in the page's colours <c>--c0</c> to <c>--c6</c>.</summary>
internal static class SvgChart
{
    private const int Width = 800, Height = 320, Left = 64, Right = 16, Top = 34, Bottom = 40, Colors = 7;

    /// <summary>Points of a curve beyond which it is drawn with fewer: no screen shows more.</summary>
    private const int MostPoints = 1000;

    public static void Append(StringBuilder html, IReadOnlyList<(string Name, double[] X, double[] Y)> curves, string over = "epoch")
    {
        double[] xs = [.. curves.SelectMany(curve => curve.X)], ys = [.. curves.SelectMany(curve => curve.Y).Where(double.IsFinite)];
        Axes.Range x = Axes.Around(xs.DefaultIfEmpty(0).Min(), xs.DefaultIfEmpty(1).Max(), 0);
        Axes.Range y = Axes.Around(ys.DefaultIfEmpty(0).Min(), ys.DefaultIfEmpty(1).Max(), 0.05);
        string title = WebUtility.HtmlEncode(string.Join(", ", curves.Select(curve => curve.Name)));
        html.Append($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title} over {over}s\">\n");
        foreach ((double value, string label) in Axes.Ticks(y, 5))
        {
            string at = Number(Y(y, value));
            html.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{at}\" y2=\"{at}\"/>");
            html.Append($"<text x=\"{Left - 8}\" y=\"{at}\" text-anchor=\"end\" dominant-baseline=\"middle\">{label}</text>\n");
        }

        // There are no half epochs or steps.
        foreach ((double value, string label) in Axes.Ticks(x, 8).Where(tick => Math.Abs(tick.Value - Math.Round(tick.Value)) < 1e-9))
            html.Append($"<text x=\"{Number(X(x, value))}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{label}</text>\n");
        html.Append($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 4}\" text-anchor=\"middle\">{over}</text>\n");

        int legend = Left;
        for (int i = 0; i < curves.Count; i++)
        {
            string color = $"var(--c{i % Colors})";
            html.Append($"<line x1=\"{legend}\" x2=\"{legend + 20}\" y1=\"14\" y2=\"14\" style=\"stroke: {color}; stroke-width: 3\"/>");
            html.Append($"<text x=\"{legend + 26}\" y=\"18\">{WebUtility.HtmlEncode(curves[i].Name)}</text>\n");
            legend += 48 + (8 * curves[i].Name.Length);
            foreach (string points in Lines(curves[i].X, curves[i].Y, x, y)) html.Append(
                $"<polyline class=\"curve\" style=\"stroke: {color}\" points=\"{points}\"/>\n");
        }

        html.Append("</svg>\n");
    }

    // A value that is not finite breaks the line; a single point becomes a short stroke.
    private static IEnumerable<string> Lines(double[] x, double[] y, Axes.Range xRange, Axes.Range yRange)
    {
        int every = Math.Max(1, x.Length / MostPoints);
        StringBuilder points = new();
        int count = 0;
        for (int i = 0; i < x.Length; i++)
        {
            if (!double.IsFinite(y[i]))
            {
                if (count > 0) yield return points.ToString();
                points.Clear();
                count = 0;
                continue;
            }

            if (i % every != 0 && i != x.Length - 1) continue;
            (double px, double py) = (X(xRange, x[i]), Y(yRange, y[i]));
            points.Append($"{Number(px)},{Number(py)} ");
            bool isAlone = count++ == 0 && (i == x.Length - 1 || !double.IsFinite(y[i + 1]));
            if (isAlone) points.Append($"{Number(px + 2)},{Number(py)} ");
        }

        if (count > 0) yield return points.ToString();
    }

    private static double X(Axes.Range range, double value) => Left + (range.Share(value) * (Width - Left - Right));

    private static double Y(Axes.Range range, double value) => Height - Bottom - (range.Share(value) * (Height - Top - Bottom));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
