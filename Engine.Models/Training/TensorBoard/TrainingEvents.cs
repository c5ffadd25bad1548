using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Engine.Models.Imaging;

namespace Engine.Models.Training.TensorBoard;

/// <summary>
/// The event file of a training. Steps are counted since training began, over all runs. What belongs to whole epochs stands at the step
/// that ended them; what belongs to a part of one, or comes after the last, one step further, so that a run that resumes from the
/// checkpoint of this moment, and begins its file at that step, replaces it.
/// </summary>
/// <param name="output">The folder of the training.</param>
/// <param name="clock">The clock.</param>
internal sealed partial class TrainingEvents(OutputFolder output, TimeProvider clock)
{
    /// <summary>The name of the folder of event files in that of the training.</summary>
    public const string FolderName = "tensorboard";

    private readonly List<EpochMeans> _lines = [];
    private readonly List<(string Name, Picture? Picture, byte[] Content)> _files = [];
    private EventFileWriter? _events;
    private long? _after;

    /// <summary>Begins the file with what there is to say about the run.</summary>
    /// <param name="firstStep">The first step that this run does; 0 for a training that begins.</param>
    /// <param name="options">The options of the training.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Begin(long firstStep, TrainerOptions options)
    {
        _events = new EventFileWriter(Path.Combine(output.Path, FolderName), firstStep, clock);
        output.Remember(FolderName);
        StringBuilder text = new();
        if (options.Command.Length > 0) text.Append($"    {options.Command}\n\n");
        if (options.Description.Length > 0) text.Append($"{options.Description}\n\n");
        text.Append("| | |\n|---|---|\n");
        foreach ((string name, string value) in options.Facts.Concat(options.Settings)) text.Append($"| {Cell(name)} | {Cell(value)} |\n");
        _events.WriteText("run", firstStep, text.ToString());
        _events.Flush();
    }

    /// <summary>Adds a point to a curve by steps.</summary>
    public void Point(string name, long step, double value) => _events?.WriteScalar($"step/{name}", step, value);

    /// <summary>Takes a line of the training, which is written where its epoch ends.</summary>
    public void Line(EpochMeans line) => _lines.Add(line);

    /// <summary>Takes a file that the program wrote: until its epoch ends it is not known whether that was whole.</summary>
    public void File(string name, Picture? picture, byte[] content)
    {
        _files.Add((name, picture, content));
        if (_after is { } step) Write(epoch: null, step);
    }

    /// <summary>Adds a result of the whole training.</summary>
    public void Result(string name, double value)
    {
        if (_after is not { } step) return;
        _events?.WriteScalar($"results/{name}", step, value);
        _events?.Flush();
    }

    /// <summary>Writes what waits for the end of an epoch.</summary>
    public void EndEpoch(int epoch, long step) => Write(epoch, step);

    /// <summary>Writes what waits, and from now on everything at once: the epochs are done, or were left.</summary>
    /// <param name="epoch">The last epoch.</param>
    /// <param name="step">The step after the last one that is done.</param>
    public void End(int epoch, long step)
    {
        if (_after is not null) return;
        _after = step;
        Write(epoch, step);
    }

    /// <summary>Does the same where training may be left because of an error, which a second one must not hide.</summary>
    public void Leave(int epoch, long step)
    {
        try
        {
            End(epoch, step);
        }
        catch (IOException)
        {
            // An event file that cannot be written was told before, or is less than what led here.
        }
    }

    /// <summary>Writes to the disk what waits in memory, so that a checkpoint knows of no step that the file does not have.</summary>
    public void Flush() => _events?.Flush(toDisk: true);

    private void Write(int? epoch, long step)
    {
        if (_events is null) return;
        foreach (EpochMeans line in _lines)
            foreach ((string name, double value) in line.Losses.Concat(line.Metrics)) _events.WriteScalar($"epoch/{name}", step, value);
        foreach ((string name, Picture? picture, byte[] content) in _files)
        {
            string tag = Tag(name, epoch);
            if (picture is not null)
                _events.WriteImage(tag, step, picture, content, output.Captions.GetValueOrDefault(OutputFolder.Series(name)));
            else _events.WriteText(tag, step, Verbatim(Encoding.UTF8.GetString(content)));
        }

        _lines.Clear();
        _files.Clear();
        _events.Flush();
    }

    // epoch-012.png is of the series epoch where it was drawn in epoch 12: its step says when.
    private static string Tag(string name, int? epoch)
    {
        string stem = Path.GetFileNameWithoutExtension(name);
        Match number = Number().Match(stem);
        bool isNumber = int.TryParse(number.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int its);
        return isNumber && its == epoch && number.Index > 0 ? stem[..number.Index] : stem;
    }

    // Markdown leaves lines as they are that four spaces stand before.
    private static string Verbatim(string text) => "    " + text.ReplaceLineEndings("\n    ");

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"-(\d+)$")]
    private static partial Regex Number();
}
