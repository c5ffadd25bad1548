using System.Globalization;
using System.Text;
using Engine.Models.Metrics;

namespace Engine.Models.Comparison;

/// <summary>The table of a comparison, in Markdown.</summary>
/// <param name="rows">A row for each model.</param>
/// <param name="data">The quality of the data's own images; null when no samples were drawn.</param>
public sealed class ComparisonTable(IReadOnlyList<ComparisonRow> rows, SampleQuality? data)
{
    private const string Nothing = "-";

    private static readonly string[] s_columns =
    [
        "model", "parameters", "trained, images/s", "sampled, images/s", "bits/dim", "Fréchet distance", "rarest class", "confidence",
        "signs of failure",
    ];

    /// <summary>The table.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        Line(text, s_columns);
        Line(text, [.. s_columns.Select(_ => "---")]);
        foreach (ComparisonRow row in rows) Line(text, [.. Cells(row)]);
        if (data is not null) Line(text, ["images of the data", "", "", "", "", .. Cells(data), ""]);
        return text.ToString();
    }

    private static IEnumerable<string> Cells(ComparisonRow row) =>
    [
        row.Family, Number(row.Parameters, "N0"), Number(row.TrainedPerSecond, "N0"),
        row.SampledPerSecond > 0 ? Number(row.SampledPerSecond, row.SampledPerSecond < 10 ? "0.0" : "N0") : Nothing,
        row.BitsPerDimension is { } bits ? $"{(row.LikelihoodKind == "bound" ? "<= " : "")}{Number(bits, "0.00")}" : Nothing,
        .. row.Quality is null ? [Nothing, Nothing, Nothing] : Cells(row.Quality),
        row.Signs.Count > 0 ? string.Join("; ", row.Signs) : row.Quality is null ? Nothing : "none",
    ];

    private static string[] Cells(SampleQuality quality) =>
        [Number(quality.FrechetDistance, "0.0"), Number(100 * quality.SmallestShare, "0.0") + " %", Number(quality.MeanConfidence, "0.00")];

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");
}

/// <summary>The measurements of one model.</summary>
/// <param name="Family">Which it is.</param>
/// <param name="Parameters">Parameters.</param>
/// <param name="TrainedPerSecond">Images a second in training.</param>
/// <param name="SampledPerSecond">Images a second in sampling; 0 when none were drawn.</param>
/// <param name="LikelihoodKind">Whether the likelihood is exact, a bound, or none.</param>
/// <param name="BitsPerDimension">-log2 p(x) / 784 of test images; null for none.</param>
/// <param name="Quality">How samples look; null when none were drawn.</param>
/// <param name="Signs">Signs of failure, in words.</param>
public sealed record ComparisonRow(
    string Family, long Parameters, double TrainedPerSecond, double SampledPerSecond, string LikelihoodKind, double? BitsPerDimension,
    SampleQuality? Quality, IReadOnlyList<string> Signs);
