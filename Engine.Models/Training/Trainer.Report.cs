using System.Globalization;
using System.Text;
using Engine.Models.Imaging;
using Engine.Models.Training.Reports;

namespace Engine.Models.Training;

// Loss curves and the report.
public sealed partial class Trainer
{
    private const string LossChartName = "losses.svg";
    private const string ReportName = "report.html";

    /// <summary>
    /// The report of a run that has trained nothing: in the folder of a training it must not take the place of its report.
    /// </summary>
    private const string MeasuredName = "measured.html";

    // What the program itself has drawn.
    private IEnumerable<string> Pictures =>
        Output.Files.Where(name => OutputFolder.IsPicture(name) && name != LossChartName);

    /// <summary>
    /// Writes the mean losses as a chart, <c>losses.svg</c>, and everything there is to say about the training as one self-contained page,
    /// <c>report.html</c>; where nothing was trained, <c>measured.html</c>. After epochs this happens by itself.
    /// </summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void WriteReport() => WriteReport(null);

    private void WriteReport(string? failure)
    {
        if (Progress.History.Count > 0) Output.Save(LossChartName, LossChart());
        (string title, (string, string)? page) = LessonPage();
        TrainingReport report = new()
        {
            Title = title,
            Description = _options.Description,
            Page = page,
            Command = _options.Command,
            Status = Status(failure),
            HasFailed = failure is not null,
            Results = [.. _results.Select(result => (result.Name, Number(result.Value)))],
            Settings = [.. _options.Settings.Select(setting => (setting.Key, setting.Value))],
            Facts = [.. _options.Facts.Select(fact => (fact.Key, fact.Value)), .. Facts()],
            History = Progress.History,
            StepCurves = Progress.StepCurves,
            Warnings = [.. Progress.Warnings.Values],
            Files = new ReportFiles(Output.Path, [.. Pictures],
                [.. Output.Files.Where(name => Path.GetExtension(name) is ".txt" or ".md")], Output.Captions),
        };
        Output.Save(_epoch == 1 && _options.Epochs == 0 ? MeasuredName : ReportName, Encoding.UTF8.GetBytes(report.ToHtml()));
    }

    // The heading of the page that explains the training, and the way there from the report.
    private (string Title, (string Link, string Text)? Page) LessonPage()
    {
        if (_options.Page is not { } page) return (Name, null);
        try
        {
            string? heading = File.ReadLines(page).FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal));
            string way = Path.GetRelativePath(Output.Path, page).Replace('\\', '/');
            string link = string.Join('/', way.Split('/').Select(Uri.EscapeDataString));
            string text = $"{Path.GetFileName(Path.GetDirectoryName(page))}/{Path.GetFileName(page)}";
            return (heading?[2..].Trim() ?? Name, Path.IsPathRooted(way) ? null : (link, text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (Name, null);
        }
    }

    private Chart LossChart()
    {
        Chart chart = new() { Title = $"{Name}: mean losses", XLabel = "epoch", YLabel = "nats" };
        foreach ((string name, double[] x, double[] y) in Curves(Progress.History, line => line.Losses))
            if (!Progress.StepCurves.Any(curve => curve.Name == name)) chart.Line(name, x, y);
        return chart;
    }

    /// <summary>A curve over the epochs for each name.</summary>
    internal static IEnumerable<(string Name, double[] X, double[] Y)> Curves(
        IReadOnlyList<EpochMeans> history, Func<EpochMeans, IReadOnlyDictionary<string, double>> values)
    {
        foreach (string name in history.SelectMany(line => values(line).Keys).Distinct())
        {
            EpochMeans[] lines = [.. history.Where(line => values(line).ContainsKey(name))];
            yield return (name, [.. lines.Select(line => (double)line.Epoch)], [.. lines.Select(line => values(line)[name])]);
        }
    }

    private string Status(string? failure)
    {
        // With no epochs asked for a run measures what others have trained.
        string epochs = _options.Epochs == 0 ? Place(_epoch, _nextStep)
            : $"{Math.Min(_epoch - 1, _options.Epochs)} of {_options.Epochs} epochs";
        string measured = IsStopping ? "Stopped while measuring" : "Measured";
        if (_options.Epochs == 0 && failure is null) return _epoch == 1 && _nextStep == 0 ? $"{measured}; nothing was trained."
            : $"{measured} after {epochs}.";
        return failure is not null ? $"Stopped after {epochs}: {failure}"
            : IsDone || _epoch > _options.Epochs
                ? $"Finished: {epochs}.{(HasStoppedEarly ? $" {EarlyStop()}" : "")}{(IsStopping ? " Stopped afterwards." : "")}"
            : IsStopping ? $"Stopped after {epochs}{(_nextStep > 0 ? $" and {Count(_nextStep, "step")}" : "")}."
            : $"Training: {epochs} done.";
    }

    private IEnumerable<(string Name, string Value)> Facts()
    {
        yield return ("Parameters", ParameterCount.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("Steps", Step.ToString("N0", CultureInfo.InvariantCulture));
        yield return ("Time", TrainingProgress.HoursMinutesSeconds(Progress.Elapsed.TotalSeconds));
        yield return ("Samples a second",
            (Progress.Samples / Math.Max(1e-9, Progress.Elapsed.TotalSeconds)).ToString("N0", CultureInfo.InvariantCulture));
        if (_best is var (epoch, value)) yield return (
            "Best epoch", string.Create(CultureInfo.InvariantCulture, $"{epoch}: {_options.Monitor} {value:G5}")
                + (_options.KeepBest && IsDone ? ", whose weights were taken" : ""));
        if (LastCheckpoint is not null) yield return ("Checkpoint", LastCheckpoint);
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
