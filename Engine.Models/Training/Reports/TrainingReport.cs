using System.Globalization;
using System.Text;

namespace Engine.Models.Training.Reports;

/// <summary>
/// One page of HTML about a training, with its curves and pictures inside: it can be mailed, and opens without anything else. A script in
/// it puts pictures of a series side by side and zooms into curves; without scripts everything is still shown.
/// </summary>
internal sealed class TrainingReport
{
    private static readonly string s_style = Resource("report.css"), s_script = Resource("report.js");

    /// <summary>The title: of the lesson, or the name of the program.</summary>
    public required string Title { get; init; }

    /// <summary>What the program does, in a sentence or two; empty for nothing.</summary>
    public string Description { get; init; } = "";

    /// <summary>The page that explains the program, as a link from the report's folder and in words; null for none.</summary>
    public (string Link, string Text)? Page { get; init; }

    public required string Status { get; init; }

    public required bool HasFailed { get; init; }

    /// <summary>The command line that was run; empty where it is not known.</summary>
    public string Command { get; init; } = "";

    public required IReadOnlyList<(string Name, string Value)> Results { get; init; }

    public required IReadOnlyList<(string Name, string Value)> Settings { get; init; }

    public required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    public required IReadOnlyList<EpochMeans> History { get; init; }

    /// <summary>What was observed at steps.</summary>
    public IReadOnlyList<StepCurve> StepCurves { get; init; } = [];

    /// <summary>What the reader is warned of.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The pictures and texts that are shown.</summary>
    public required ReportFiles Files { get; init; }

    public string ToHtml()
    {
        StringBuilder html = new();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
            + $"content=\"width=device-width, initial-scale=1\">\n<title>{ReportHtml.Escape(Title)}</title>\n");
        html.Append($"<style>\n{s_style}</style>\n</head>\n<body>\n<h1>{ReportHtml.Escape(Title)}</h1>\n");
        Paragraph(html, Description, "soft");
        if (Page is var (link, text)) html.Append(
            $"<p>Explained in <a href=\"{ReportHtml.Escape(link)}\">{ReportHtml.Escape(text)}</a>.</p>\n");
        Paragraph(html, Status, HasFailed ? "bad" : "status");
        foreach (string warning in Warnings) Paragraph(html, $"Warning: {warning}", "bad");
        if (Results.Count > 0) Table(html, "Results", Results);
        Measured(html);
        Files.Append(html);
        ReportCurves curves = new();
        AddCurves(curves);
        curves.Append(html);
        html.Append("<h2>How it was made</h2>\n");
        if (Command.Length > 0) html.Append($"<code class=\"command\">{ReportHtml.Escape(Command)}</code>\n");
        Table(html, "Run", Facts, "h3");
        Table(html, "Options", Settings, "h3");
        HistoryTable(html);
        return html.Append($"<script>\n{s_script}</script>\n</body>\n</html>\n").ToString();
    }

    // Losses have one unit and share a chart; what is measured may have any.
    private void AddCurves(ReportCurves curves)
    {
        // What has a curve by steps is among the means of a line, but is no loss.
        HashSet<string> observed = [.. StepCurves.Select(curve => curve.Name)];
        curves.Add("Losses", "epoch", [.. Trainer.Curves(History, line => line.Losses).Where(curve => !observed.Contains(curve.Name))]);
        foreach ((string Name, double[] X, double[] Y) curve in Trainer.Curves(History, line => line.Metrics))
            curves.Add("What was measured", "epoch", [curve]);
        foreach (StepCurve curve in StepCurves)
            curves.Add("By steps", "step", [(curve.Name, [.. curve.Steps.Select(step => (double)step)], [.. curve.Means])]);
    }

    private static void Paragraph(StringBuilder html, string text, string kind)
    {
        if (text.Length > 0) html.Append($"<p class=\"{kind}\">{ReportHtml.Escape(text)}</p>\n");
    }

    private static void Table(StringBuilder html, string title, IReadOnlyList<(string Name, string Value)> rows, string heading = "h2")
    {
        if (rows.Count == 0) return;
        html.Append($"<{heading}>{title}</{heading}>\n<table>\n");
        foreach ((string name, string value) in rows)
            html.Append($"<tr><th>{ReportHtml.Escape(name)}</th><td>{ReportHtml.Escape(value)}</td></tr>\n");
        html.Append("</table>\n");
    }

    // What was measured after epochs, on images held out for example: the first and the last number and the ends of their range.
    private void Measured(StringBuilder html)
    {
        (string Name, double[] X, double[] Y)[] curves = [.. Trainer.Curves(History, line => line.Metrics)];
        if (curves.Length == 0) return;
        html.Append("<h2>Measured after epochs</h2>\n<div class=\"scroll\"><table class=\"numbers\">\n"
            + "<tr><th></th><th>first</th><th>last</th><th>lowest</th><th>highest</th></tr>\n");
        foreach ((string name, double[] x, double[] y) in curves)
        {
            int low = Array.IndexOf(y, y.Min()), high = Array.IndexOf(y, y.Max());
            html.Append($"<tr><th>{ReportHtml.Escape(name)}</th>");
            foreach (int i in (ReadOnlySpan<int>)[0, y.Length - 1, low, high]) html.Append(
                CultureInfo.InvariantCulture, $"<td>{y[i]:G5}<br><span class=\"soft\">epoch {x[i]}</span></td>");
            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private void HistoryTable(StringBuilder html)
    {
        if (History.Count == 0) return;
        string[] losses = [.. History.SelectMany(line => line.Losses.Keys).Distinct()],
            metrics = [.. History.SelectMany(line => line.Metrics.Keys).Distinct()];
        html.Append($"<details><summary>The numbers of all {History.Count} lines</summary>\n"
            + "<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>epoch</th>");
        foreach (string name in losses.Concat(metrics)) html.Append($"<th>{ReportHtml.Escape(name)}</th>");
        html.Append("</tr>\n");
        foreach (EpochMeans line in History)
        {
            html.Append($"<tr><td>{line.Epoch}</td>");
            foreach (string name in losses) html.Append(Cell(line.Losses, name));
            foreach (string name in metrics) html.Append(Cell(line.Metrics, name));
            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n</details>\n");
    }

    private static string Cell(IReadOnlyDictionary<string, double> values, string name) =>
        values.TryGetValue(name, out double value) ? string.Create(CultureInfo.InvariantCulture, $"<td>{value:F4}</td>") : "<td></td>";

    private static string Resource(string name)
    {
        using Stream stream = typeof(TrainingReport).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
