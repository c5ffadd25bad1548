using System.Globalization;
using System.Net;
using System.Text;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>
/// One page of HTML about a training, with its curves and pictures inside: it can be mailed, and opens without anything else.
/// </summary>
internal sealed class TrainingReport
{
    /// <summary>As many pictures of a series as are shown: the first, the last, and others evenly between.</summary>
    private const int MostOfSeries = 24;

    // Both colour schemes of the reader's system.
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1d1d1f; --soft: #6a6a70; --page: #fff; --line: #d9d9de; --bad: #b00020;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0558d; --c4: #2a8fc4; --c5: #a87500; --c6: #5a5a5a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a0a0a8; --page: #18181b; --line: #3a3a40; --bad: #ff8a80;
          --c0: #56b4e9; --c1: #ff8c42; --c2: #2fd0a0; --c3: #e79cc5; --c4: #8ecff2; --c5: #f0b840; --c6: #b8b8b8; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
          max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; } .bad { color: var(--bad); }
        table { border-collapse: collapse; }
        th, td { text-align: left; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { font-weight: 600; } td { overflow-wrap: anywhere; }
        .numbers td, .numbers th { text-align: right; font-variant-numeric: tabular-nums; }
        figure { display: inline-block; margin: 0 1rem 1rem 0; }
        figcaption, svg text { color: var(--soft); fill: var(--soft); font-size: .85rem; }
        img { max-width: 100%; image-rendering: pixelated; } svg { width: 100%; height: auto; }
        .grid { stroke: var(--line); } .curve { fill: none; stroke-width: 2; }
        .scroll { overflow-x: auto; } summary { cursor: pointer; }
        """;

    public required string Title { get; init; }

    public required string Status { get; init; }

    public required bool HasFailed { get; init; }

    public required IReadOnlyList<(string Name, string Value)> Results { get; init; }

    public required IReadOnlyList<(string Name, string Value)> Settings { get; init; }

    public required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    public required IReadOnlyList<EpochMeans> History { get; init; }

    /// <summary>What was observed at steps.</summary>
    public IReadOnlyList<StepCurve> StepCurves { get; init; } = [];

    /// <summary>What the reader is warned of.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public required IReadOnlyList<string> Pictures { get; init; }

    /// <summary>Where the pictures lie.</summary>
    public required string Folder { get; init; }

    public string ToHtml()
    {
        StringBuilder html = new();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
            + $"content=\"width=device-width\">\n<title>{Escape(Title)}</title>\n");
        html.Append($"<style>\n{Style}\n</style>\n<h1>{Escape(Title)}</h1>\n");
        html.Append($"<p{(HasFailed ? " class=\"bad\"" : "")}>{Escape(Status)}</p>\n");
        foreach (string warning in Warnings) html.Append($"<p class=\"bad\">Warning: {Escape(warning)}</p>\n");
        Table(html, "Results", Results);

        // What has a curve by steps is among the means of a line, but is no loss.
        HashSet<string> observed = [.. StepCurves.Select(curve => curve.Name)];
        Curves(html, "Losses", Trainer.Curves(History, line => line.Losses).Where(curve => !observed.Contains(curve.Name)), together: true);
        Curves(html, "By steps", StepCurves.Select(
            curve => (curve.Name, curve.Steps.Select(step => (double)step).ToArray(), curve.Means.ToArray())), together: false, "step");
        Curves(html, "Measured after epochs", Trainer.Curves(History, line => line.Metrics), together: false);
        Gallery(html);
        Table(html, "Options", Settings);
        Table(html, "Run", Facts);
        HistoryTable(html);
        return html.Append("</html>\n").ToString();
    }

    private static void Table(StringBuilder html, string title, IReadOnlyList<(string Name, string Value)> rows)
    {
        if (rows.Count == 0) return;
        html.Append($"<h2>{Escape(title)}</h2>\n<table>\n");
        foreach ((string name, string value) in rows) html.Append($"<tr><th>{Escape(name)}</th><td>{Escape(value)}</td></tr>\n");
        html.Append("</table>\n");
    }

    // Losses have one unit and share a chart; what is measured may have any.
    private static void Curves(
        StringBuilder html, string title, IEnumerable<(string Name, double[] X, double[] Y)> curves, bool together, string over = "epoch")
    {
        (string Name, double[] X, double[] Y)[] all = [.. curves];
        if (all.Length == 0) return;
        html.Append($"<h2>{Escape(title)}</h2>\n");
        foreach ((string Name, double[] X, double[] Y)[] shown in together ? [all] : all.Select(curve => new[] { curve }))
        {
            Chart chart = new() { Title = "", XLabel = over, Width = 800, Height = 320 };
            foreach ((string name, double[] x, double[] y) in shown) chart.Line(name, x, y);
            string label = Escape($"{string.Join(", ", shown.Select(curve => curve.Name))} over {over}s");
            html.Append($"<figure><img class=\"chart\" alt=\"{label}\" "
                + $"src=\"data:image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(chart.ToSvg()))}\"></figure>\n");
        }
    }

    private void Gallery(StringBuilder html)
    {
        string[][] series = [.. Pictures.GroupBy(OutputFolder.Series).Select(group => group.ToArray())];
        if (series.Length == 0) return;
        html.Append("<h2>Pictures</h2>\n");
        foreach (string[] names in series)
        {
            int shown = Math.Min(names.Length, MostOfSeries);
            html.Append("<div>\n");
            for (int i = 0; i < shown; i++) Figure(html, names[shown == 1 ? 0 : (int)((long)i * (names.Length - 1) / (shown - 1))]);
            html.Append("</div>\n");
            if (shown < names.Length) html.Append($"<p>{shown} of {names.Length} are shown.</p>\n");
        }
    }

    private void Figure(StringBuilder html, string name)
    {
        string path = Path.Combine(Folder, name);

        // A run that was resumed from another folder left its pictures there.
        if (!File.Exists(path)) return;
        string caption = Escape(Path.GetFileNameWithoutExtension(name));
        html.Append($"<figure><img alt=\"{caption}\" "
            + $"src=\"data:image/{(name.EndsWith(".svg", StringComparison.Ordinal) ? "svg+xml" : "png")};base64,"
            + $"{Convert.ToBase64String(File.ReadAllBytes(path))}\">"
            + $"<figcaption>{caption}</figcaption></figure>\n");
    }

    private void HistoryTable(StringBuilder html)
    {
        if (History.Count == 0) return;
        string[] losses = [.. History.SelectMany(line => line.Losses.Keys).Distinct()],
            metrics = [.. History.SelectMany(line => line.Metrics.Keys).Distinct()];
        html.Append("<h2>Last values</h2>\n");
        Rows(html, [History[^1]], losses, metrics);
        html.Append($"<details><summary>All {History.Count} lines</summary>\n");
        Rows(html, History, losses, metrics);
        html.Append("</details>\n");
    }

    private static void Rows(StringBuilder html, IReadOnlyList<EpochMeans> lines, string[] losses, string[] metrics)
    {
        html.Append("<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>epoch</th>");
        foreach (string name in losses.Concat(metrics)) html.Append($"<th>{Escape(name)}</th>");
        html.Append("</tr>\n");
        foreach (EpochMeans line in lines)
        {
            html.Append($"<tr><td>{line.Epoch}</td>");
            foreach (string name in losses) html.Append(Cell(line.Losses, name));
            foreach (string name in metrics) html.Append(Cell(line.Metrics, name));
            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static string Cell(IReadOnlyDictionary<string, double> values, string name) =>
        values.TryGetValue(name, out double value) ? string.Create(CultureInfo.InvariantCulture, $"<td>{value:F4}</td>") : "<td></td>";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
