using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Data.Pictures;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>One run of a training program: what its options chose, and where it reports to.</summary>
public sealed partial class TrainingRun : IDisposable
{
    private readonly ProgramInfo _info;
    private readonly string _data;
    private readonly TrainingCommandLine _options;
    private readonly ParsedCommandLine _command;
    private readonly CancellationToken _stop;
    private readonly (Option Option, object? Value)? _changed;
    private readonly bool _isForecast;
    private Trainer? _trainer;

    internal TrainingRun(ProgramInfo info, TrainingCommandLine options, ParsedCommandLine command, CancellationToken stop)
    {
        (_info, _options, _command, _stop) = (info, options, command, stop);
        ParseResult parsed = command.Parsed;
        _data = info.Data is null ? "" : parsed.GetValue(options.Data)!;
        Epochs = parsed.GetValue(options.Epochs);
        if (Epochs == 0 && From is null && !IsResuming) throw new DataException(
            "--epochs 0 trains nothing: expected --from or --resume beside it, found neither.");
        Batch = parsed.GetValue(options.Batch);
        Seed = parsed.GetValue(options.Seed);
        Output = new OutputFolder(parsed.GetValue(options.Out)!, "--out: ", isLocked: true);
        Random = new RandomStream((long)Seed);
        string? device = parsed.GetValue(options.Device);
        Device = string.IsNullOrEmpty(device) ? Device.OpenDefault() : Device.Open(device);
        if (parsed.GetResult(options.Precision) is { Implicit: false })
            Device.Precision = parsed.GetValue(options.Precision) switch {
                "tf32" => Precision.Tf32, "bfloat16" => Precision.BFloat16, _ => Precision.Float32 };
        Progress = new TrainingProgress(Epochs, TimeProvider.System);
    }

    /// <summary>A run that finds out how much memory another would take, without taking it; with another value of one option.</summary>
    internal TrainingRun(TrainingRun run, MeasuringDevice device, (Option Option, object? Value)? changed)
    {
        (_info, _options, _command, _stop, _data) = (run._info, run._options, run._command, run._stop, run._data);
        (_changed, _isForecast, _sources) = (changed, true, run._sources);
        (Epochs, Seed, Device) = (Math.Max(1, run.Epochs), run.Seed, device);
        Batch = Option(_options.Batch);
        Output = new OutputFolder(run.Output.Path) { IsForecast = true };
        Random = new RandomStream((long)Seed);
        Progress = new TrainingProgress(Epochs, TimeProvider.System);
    }

    /// <summary>The number of epochs: <c>--epochs</c>.</summary>
    public int Epochs { get; }

    /// <summary>Samples in a batch: <c>--batch</c>.</summary>
    public int Batch { get; }

    /// <summary>The seed of everything random: <c>--seed</c>.</summary>
    public ulong Seed { get; }

    /// <summary>A random stream from the seed.</summary>
    public RandomStream Random { get; }

    /// <summary>Where to compute: <c>--device</c>.</summary>
    public Device Device { get; }

    /// <summary>Losses, speed and time left.</summary>
    public TrainingProgress Progress { get; }

    /// <summary>True once Ctrl+C was pressed or SIGTERM came: keep what there is, and end.</summary>
    public bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>
    /// Cancelled by Ctrl+C and SIGTERM: pass it to whatever samples or measures. The <see cref="OperationCanceledException"/> that then
    /// comes out of it ends the run as a stop between two steps does, with everything that was trained, written and recorded before.
    /// </summary>
    public CancellationToken Stopping => _stop;

    /// <summary>
    /// The folder for results, <c>--out</c>: created at the first use, so that a run that fails before leaves nothing behind.
    /// </summary>
    public OutputFolder Output { get; }

    /// <summary>
    /// Whether epochs are compared by <see cref="ProgramInfo.Monitor"/>, because of <c>--patience</c> or <c>--keep-best</c>: the data that
    /// it is measured on must be no part of what is trained or tested on.
    /// </summary>
    public bool IsMonitored => Patience is not null || KeepsBest;

    private int? Patience => _info.Monitor is null ? null : _command.Parsed.GetValue(_options.Patience);

    private bool KeepsBest => _info.Monitor is not null && _command.Parsed.GetValue(_options.KeepBest);

    /// <summary>The value of an option of the program's own.</summary>
    public T? Option<T>(Option<T> option) =>
        _changed is var (changed, value) && changed == option ? (T?)value : _command.Parsed.GetValue(option);

    /// <summary>
    /// The options of the command line that a size may hang on, with their values and defaults: all of whole numbers but the epochs, and
    /// texts of such numbers, that were given and are not the defaults.
    /// </summary>
    internal IReadOnlyList<(Option Option, object Value, object? Default)> Sizes()
    {
        List<(Option, object, object?)> sizes = [];
        if (_info.Data is not null && Option(_options.Size) is { } size and > PictureFolder.UsualSize)
            sizes.Add((_options.Size, size, PictureFolder.UsualSize));
        foreach (Option option in _command.Options)
        {
            if (_command.IsDefault(option) || option == _options.Epochs) continue;
            if (option is Option<int?> && option != _options.Size && option != _options.Channels && option != _options.Patience)
            {
                object? without = option.HasDefaultValue ? option.GetDefaultValue() : null;
                if (Option((Option<int?>)option) is { } given) sizes.Add((option, given, without));
                continue;
            }

            if (!option.HasDefaultValue) continue;
            object? value = _command.Parsed.GetResult(option)?.GetValueOrDefault<object>(), usual = option.GetDefaultValue();
            if (value is int number && usual is int before && number > before) sizes.Add((option, number, before));
            else if (value is string text && usual is string other && text != other && text.All(c => char.IsAsciiDigit(c) || c == ','))
                sizes.Add((option, text, other));
        }

        return sizes;
    }

    /// <summary>
    /// Creates the trainer of this run: epochs, progress, report, checkpoints. With <c>--resume</c> the model is put back into the state of
    /// the checkpoint, so call this when everything is made, in the order in which it always is.
    /// </summary>
    /// <param name="model">The model with its optimisers.</param>
    /// <exception cref="CheckpointException">There is no checkpoint to resume from, or it does not fit this run.</exception>
    /// <exception cref="InvalidOperationException">The run has a trainer already.</exception>
    public Trainer Trainer(IStateful model)
    {
        if (_trainer is not null) throw new InvalidOperationException(
            "A run has one trainer: pass everything that is trained together to it, by name.");
        return _trainer = new Trainer(model, new TrainerOptions
        {
            Name = _info.Name,
            Description = _info.Description,
            Page = ParsedCommandLine.Page,
            Command = _command.Text,
            Epochs = Epochs,
            Output = Output,
            TensorBoard = _command.Parsed.GetValue(_options.TensorBoard),
            Resume = IsResuming,
            ResumeFrom = _command.Parsed.GetValue(_options.Resume),
            CheckpointEvery = TimeSpan.FromMinutes(
                Math.Min(_command.Parsed.GetValue(_options.CheckpointMinutes), Math.Floor(TimeSpan.MaxValue.TotalMinutes))),
            KeepPrevious = _command.Parsed.GetValue(_options.KeepPrevious),
            Monitor = IsMonitored ? _info.Monitor : null,
            HigherIsBetter = _info.HigherIsBetter,
            Patience = Patience,
            MinDelta = _info.Monitor is null ? 0 : _command.Parsed.GetValue(_options.MinDelta),
            KeepBest = KeepsBest,
            Settings = Settings(),
            FreeSettings = _command.Options.Where(_options.MayChange).Select(option => option.Name).ToHashSet(),
            DefaultSettings = _command.Options.Where(_command.IsDefault).Select(option => option.Name).ToHashSet(),
            Facts = new Dictionary<string, string>
            {
                ["Device"] = $"{Device.ToString() ?? Device.Name}, {Device.Precision.ToString().ToLowerInvariant()}",
                ["System"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, "
                    + $"{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}",
                ["Epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
            },
            Random = Random,
            IsForecast = _isForecast,
            Stop = _stop,
            Progress = Progress,
        });
    }

    /// <summary>
    /// Creates the trainer of several parts that are trained together, each under a name of its own in checkpoints; see
    /// <see cref="Trainer(IStateful)"/>.
    /// </summary>
    /// <param name="parts">Models and optimisers, with names.</param>
    public Trainer Trainer(params ReadOnlySpan<(string Name, IStateful Part)> parts) => Trainer(new TrainedParts(parts.ToArray()));

    /// <summary>The steps of the whole run, at least 1: the length of a learning-rate schedule.</summary>
    /// <param name="batches">The batches of an epoch.</param>
    public long AllSteps(BatchLoader batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return AllSteps(batches.BatchesPerEpoch);
    }

    /// <summary>The steps of the whole run, at least 1: the length of a learning-rate schedule.</summary>
    /// <param name="perEpoch">The steps of an epoch.</param>
    public long AllSteps(int perEpoch) => Math.Max(1, (long)Epochs * perEpoch);

    /// <summary>Prints a line, above the live progress where there is one.</summary>
    /// <param name="text">The line.</param>
    public void Print(string text)
    {
        if (!_isForecast) Progress.Print(text);
    }

    /// <summary>Prints a grey image with characters, two rows of pixels to a line.</summary>
    /// <param name="pixels">height x width values from -1 (black) to 1 (white).</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public void ShowImage(ReadOnlySpan<float> pixels, int height, int width)
    {
        const string Shades = " .:-=+*#%@";
        StringBuilder text = new();
        for (int y = 0; y + 1 < height; y += 2)
        {
            for (int x = 0; x < width; x++)
            {
                float value = (pixels[(y * width) + x] + pixels[((y + 1) * width) + x] + 2) / 4;
                text.Append(Shades[Math.Clamp((int)(value * Shades.Length), 0, Shades.Length - 1)]);
            }

            text.AppendLine();
        }

        Print(text.ToString());
    }

    /// <summary>
    /// Prints an image with characters, by the mean of its channels; see <see cref="ShowImage(ReadOnlySpan{float}, int, int)"/>.
    /// </summary>
    /// <param name="pixels">Values from -1 (black) to 1 (white), [height, width, channels].</param>
    /// <param name="size">The size of the image.</param>
    public void ShowImage(ReadOnlySpan<float> pixels, ImageSize size)
    {
        float[] grey = new float[size.Height * size.Width];
        for (int i = 0; i < pixels.Length; i++) grey[i / size.Channels] += pixels[i] / size.Channels;
        ShowImage(grey, size.Height, size.Width);
    }

    /// <summary>Closes the device, which the run opened for itself, and lets others write to the output folder.</summary>
    public void Dispose()
    {
        Output.Unlock();
        Device.Dispose();
    }

    /// <summary>The last checkpoint, for the message when training fails; null where there is none.</summary>
    internal string? LastCheckpoint => _trainer?.LastCheckpoint;

    /// <summary>Whether there is something to report: training has begun, or something was written.</summary>
    internal bool HasBegun => _trainer is { HasBegun: true } || Output.Files.Count > 0;

    private bool IsResuming => _command.Parsed.GetResult(_options.Resume) is { Implicit: false };

    /// <summary>The command line that resumes from the last checkpoint.</summary>
    internal string ToResume => _command.ToResume;

    internal void Finish(string stoppedBy)
    {
        bool isTrained = _trainer is { IsDone: true };
        if (IsStopping) Print(!isTrained ? $"Stopped by {stoppedBy}; what was done so far is kept."
            : $"Stopped by {stoppedBy}{(Epochs > 0 ? " after the last epoch" : "")}; what was measured and drawn so far is kept.");
        if (_trainer is { HasBegun: true }) _trainer.WriteReport();
        if (Output.Files.Count == 0) return;
        Print($"Written to {Output.Path}:");
        foreach (string line in Output.Listing()) Print($"  {line}");
        foreach (string line in Output.Leftovers()) Print($"From an earlier run: {line}");
        if (IsStopping && LastCheckpoint is not null) Print($"To resume: {ToResume}");
    }

    /// <summary>Options that decide what is trained, and the data: with others a checkpoint means something else.</summary>
    private Dictionary<string, string> Settings()
    {
        Dictionary<string, string> settings = [];
        foreach (Option option in _command.Options)
        {
            bool isExcluded = _options.MayChange(option) || (option == _options.Data && _loaded.Count > 0);
            if (!isExcluded) settings[option.Name] = _command.Value(option);
        }

        foreach ((string name, string data) in _loaded) settings[name] = data;
        return settings;
    }

    /// <summary>Parts that are trained together, each under its name.</summary>
    private sealed class TrainedParts((string Name, IStateful Part)[] parts) : IStateful
    {
        public void VisitState(StateVisitor visitor)
        {
            foreach ((string name, IStateful part) in parts) visitor.Part(name, part);
        }
    }
}
