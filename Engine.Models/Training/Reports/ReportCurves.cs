using System.Globalization;
using System.Text;
using System.Text.Json;
using Engine.Models.Imaging;

namespace Engine.Models.Training.Reports;

/// <summary>The charts of a report: each as a drawing, and as numbers from which the script of the page draws it in any range.</summary>
internal sealed class ReportCurves
{
    /// <summary>Points of a curve beyond which it is shown with fewer: no screen shows more.</summary>
    private const int MostPoints = 1000;

    private readonly List<(string Title, string Over, (string Name, double[] X, double[] Y)[] Curves)> _charts = [];

    /// <summary>Adds a chart; without curves there is none.</summary>
    /// <param name="title">The heading, which charts that follow each other may share.</param>
    /// <param name="over">The unit of x.</param>
    /// <param name="curves">Curves with one unit; y that is not finite is a gap.</param>
    public void Add(string title, string over, (string Name, double[] X, double[] Y)[] curves)
    {
        if (curves.Length > 0) _charts.Add((title, over, [.. curves.Select(Thinned)]));
    }

    /// <summary>Appends the charts and their numbers.</summary>
    public void Append(StringBuilder html)
    {
        foreach (var group in _charts.Select((chart, id) => (chart, id)).GroupBy(one => one.chart.Title))
        {
            html.Append($"<h2>{ReportHtml.Escape(group.Key)}</h2>\n<div class=\"charts\">\n");
            foreach (((string _, string over, (string Name, double[] X, double[] Y)[] curves), int id) in group)
            {
                Chart chart = new() { XLabel = over, Width = 800, Height = 320 };
                foreach ((string name, double[] x, double[] y) in curves) chart.Line(name, x, y);
                html.Append($"<figure id=\"chart-{id}\">");
                ReportHtml.AppendImage(html, Encoding.UTF8.GetBytes(chart.ToSvg()), isSvg: true, Label(over, curves));
                html.Append("</figure>\n");
            }

            html.Append("</div>\n");
        }

        html.Append("<script type=\"application/json\" id=\"curves\">").Append(Json()).Append("</script>\n");
    }

    private static string Label(string over, (string Name, double[] X, double[] Y)[] curves) =>
        $"{string.Join(", ", curves.Select(curve => curve.Name))} over {over}s";

    // Neighbours are left out, but no gap: the last point is always there.
    private static (string Name, double[] X, double[] Y) Thinned((string Name, double[] X, double[] Y) curve)
    {
        int every = Math.Max(1, curve.X.Length / MostPoints);
        int[] kept = [.. Enumerable.Range(0, curve.X.Length)
            .Where(i => i % every == 0 || i == curve.X.Length - 1 || !double.IsFinite(curve.Y[i]))];
        return (curve.Name, [.. kept.Select(i => curve.X[i])], [.. kept.Select(i => curve.Y[i])]);
    }

    // The writer escapes < and &: no name ends the script.
    private string Json()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            for (int id = 0; id < _charts.Count; id++)
            {
                (string _, string over, (string Name, double[] X, double[] Y)[] curves) = _charts[id];
                json.WriteStartObject();
                json.WriteNumber("id", id);
                json.WriteString("title", Label(over, curves));
                json.WriteString("over", over);
                json.WriteStartArray("curves");
                foreach ((string name, double[] x, double[] y) in curves)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    Numbers(json, "x", x);
                    Numbers(json, "y", y);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Numbers(Utf8JsonWriter json, string name, double[] values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            if (double.IsFinite(value)) json.WriteRawValue(value.ToString("G7", CultureInfo.InvariantCulture));
            else json.WriteNullValue();
        }

        json.WriteEndArray();
    }
}
