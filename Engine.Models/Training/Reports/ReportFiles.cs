using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Models.Training.Reports;

/// <summary>What a run has drawn and written, as a report shows it.</summary>
/// <param name="folder">Where the files lie.</param>
/// <param name="pictures">The names of PNG and SVG files, in order.</param>
/// <param name="texts">The names of text files.</param>
/// <param name="captions">What is seen, by the name of a picture without its digits; see <see cref="OutputFolder.Captions"/>.</param>
internal sealed partial class ReportFiles(
    string folder, IReadOnlyList<string> pictures, IReadOnlyList<string> texts, IReadOnlyDictionary<string, string> captions)
{
    /// <summary>As many pictures of a series as are shown: the first, the last, and others evenly between.</summary>
    private const int MostOfSeries = 24;

    /// <summary>As many characters of a text as are shown.</summary>
    private const int MostCharacters = 20_000;

    /// <summary>Appends pictures over the epochs, other pictures, and texts.</summary>
    public void Append(StringBuilder html)
    {
        // A run that was resumed from another folder left its pictures there.
        string[][] series = [.. pictures.Where(name => File.Exists(Path.Combine(folder, name)))
            .GroupBy(OutputFolder.Series).Select(group => group.ToArray())];
        if (series.Length > 0) html.Append("<h2>Pictures</h2>\n");
        foreach (string[] names in series.Where(names => names.Length > 1)) AppendSeries(html, names);
        string[] single = [.. series.Where(names => names.Length == 1).Select(names => names[0])];
        if (single.Length > 0)
        {
            html.Append("<div class=\"pictures\">\n");
            foreach (string name in single) AppendFigure(html, name, Caption(name));
            html.Append("</div>\n");
        }

        foreach (string name in texts.Where(name => File.Exists(Path.Combine(folder, name))))
        {
            string text = File.ReadAllText(Path.Combine(folder, name));
            string shown = text.Length > MostCharacters ? $"{text[..MostCharacters]}\n(and so on: {text.Length} characters in all)" : text;
            html.Append($"<h2>{ReportHtml.Escape(Sentence(Words(name)))}</h2>\n<pre>{ReportHtml.Escape(shown)}</pre>\n");
        }
    }

    private void AppendSeries(StringBuilder html, string[] names)
    {
        int shown = Math.Min(names.Length, MostOfSeries);
        html.Append($"<h3>{ReportHtml.Escape(Caption(names[0]))}</h3>\n<p class=\"soft\">{ReportHtml.Escape(names[0])} to "
            + $"{ReportHtml.Escape(names[^1])}{(shown < names.Length ? $", {shown} of {names.Length}" : "")}</p>\n<div class=\"strip\">\n");
        for (int i = 0; i < shown; i++)
        {
            string name = names[(int)((long)i * (names.Length - 1) / (shown - 1))];
            AppendFigure(html, name, Place(name));
        }

        html.Append("</div>\n");
    }

    private void AppendFigure(StringBuilder html, string name, string caption)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(folder, name));
        html.Append("<figure>");
        ReportHtml.AppendImage(html, file, name.EndsWith(".svg", StringComparison.Ordinal), $"{Caption(name)}: {name}");
        html.Append($"<figcaption>{ReportHtml.Escape(caption)}</figcaption></figure>\n");
    }

    // What the program says of a picture, or its name in words.
    private string Caption(string name)
    {
        if (captions.TryGetValue(OutputFolder.Series(name), out string? caption)) return caption;
        string words = Words(Epoch().Replace(name, ""));
        return words is "epoch" or "" ? "Over the epochs" : Sentence(words);
    }

    private static string Words(string name) =>
        Path.GetFileNameWithoutExtension(name).Replace('-', ' ').Replace('_', ' ').Trim();

    private static string Sentence(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];

    // epoch-012.png and samples-012.png are of epoch 12, temperature-0.70.png is of no epoch.
    private static string Place(string name) => Epoch().Match(name) is { Success: true } match
        ? string.Create(CultureInfo.InvariantCulture, $"epoch {match.Groups[1].Value.TrimStart('0').PadLeft(1, '0')}") : Words(name);

    [GeneratedRegex(@"(?<=^|-)(\d+)(?=\.[a-z]+$)")]
    private static partial Regex Epoch();
}
