using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>One run of a training program: what its options decided, and where it reports to.</summary>
public sealed partial class TrainingRun : IDisposable
{
    private readonly ProgramInfo _info;
    private readonly string _data;
    private readonly TrainingCommandLine _options;
    private readonly ParsedCommandLine _command;
    private readonly CancellationToken _stop;
    private readonly Dictionary<string, string> _loaded = [];
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
        Output = new OutputFolder(parsed.GetValue(options.Out)!, "--out: ");
        Random = new RandomStream((long)Seed);
        string? device = parsed.GetValue(options.Device);
        Device = string.IsNullOrEmpty(device) ? Device.OpenDefault() : Device.Open(device);
        if (parsed.GetResult(options.Precision) is { Implicit: false })
            Device.Precision = parsed.GetValue(options.Precision) switch {
                "tf32" => Precision.Tf32, "bfloat16" => Precision.BFloat16, _ => Precision.Float32 };
        Progress = new TrainingProgress(Epochs, TimeProvider.System);
    }

    /// <summary>The number of epochs: <c>--epochs</c>.</summary>
    public int Epochs { get; }

    /// <summary>Samples in a batch: <c>--batch</c>.</summary>
    public int Batch { get; }

    /// <summary>What everything random flows from: <c>--seed</c>.</summary>
    public ulong Seed { get; }

    /// <summary>A random stream from the seed.</summary>
    public RandomStream Random { get; }

    /// <summary>Where to compute: <c>--device</c>.</summary>
    public Device Device { get; }

    /// <summary>Losses, speed and time left.</summary>
    public TrainingProgress Progress { get; }

    /// <summary>True once Ctrl+C was pressed: keep what there is, and end.</summary>
    public bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>Cancelled by Ctrl+C: give it to what takes long after training, so that it is left out then.</summary>
    public CancellationToken Stopping => _stop;

    /// <summary>
    /// The folder for results, <c>--out</c>: made at the first use, so that a run that fails before leaves nothing behind.
    /// </summary>
    public OutputFolder Output { get; }

    /// <summary>The value of an option of the program's own.</summary>
    public T? Option<T>(Option<T> option) => _command.Parsed.GetValue(option);

    /// <summary>Loads the images that <c>--data</c> names, downloading them with progress where they are not found.</summary>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be had; the message says what was looked for, where, and what was found.</exception>
    public ImageDataset LoadImages(string split = "train") => Announced(Load(split), split);

    /// <summary>
    /// Loads images that must have the one size that the program's networks are made for; see <see cref="LoadImages(string)"/>.
    /// </summary>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Bytes of a pixel: 1 grey, 3 RGB.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be had, or are of another size.</exception>
    public ImageDataset LoadImages(int height, int width, int channels, string split = "train")
    {
        ImageDataset data = Load(split);
        if ((data.Height, data.Width, data.Channels) == (height, width, channels)) return Announced(data, split);
        throw new DataException(
            $"--data: expected images of {height} x {width} x {channels} (height x width x channels), found {data.Height} x {data.Width} "
            + $"x {data.Channels} in {data.Name}.");
    }

    /// <summary>Whether the images that <c>--data</c> names have a split of their own, such as <c>valid</c>.</summary>
    /// <param name="split">The split.</param>
    public bool HasSplit(string split) => Datasets.HasSplit(_data, split);

    /// <summary>Loads the text that <c>--data</c> names, downloading it with progress where it is not found.</summary>
    /// <exception cref="DataException">It cannot be had; the message says what was looked for, where, and what was found.</exception>
    public TextDataset LoadText()
    {
        TextDataset text = TextDatasets.Load(
            _data, new DataOptions { Seed = Seed, Cancellation = _stop, Progress = new DownloadLog(this) });
        uint checksum = Crc32.Of(MemoryMarshal.AsBytes(text.Tokens.Span));
        _loaded["--data"] = string.Create(
            CultureInfo.InvariantCulture,
            $"{text.Name}: {text.Count} characters, {text.Vocabulary.Count} different ones, checksum {checksum:x8}");
        Print(string.Create(CultureInfo.InvariantCulture,
            $"Text: {text.Name}, {text.Count:N0} characters, {text.Vocabulary.Count} different ones. Device: {Device}. Seed: {Seed}."));
        return text;
    }

    /// <summary>
    /// Batches of a data set in the size that <c>--batch</c> names, shuffled from the seed, without an incomplete last one.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="scale">How bytes become numbers.</param>
    /// <exception cref="DataException">The data are fewer than one batch.</exception>
    public BatchLoader Batches(ImageDataset data, PixelScale scale = PixelScale.SignedUnit)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (Batch > data.Count) throw new DataException(
            $"--batch must be at most {data.Count}, the number of images in {data.Name}; was {Batch}.");
        return new BatchLoader(data, Batch, new BatchOptions { Seed = Seed, DropLast = true, Scale = scale });
    }

    /// <summary>
    /// What trains a model of this run: epochs, progress, report, checkpoints. With <c>--resume</c> the model is put back into the state of
    /// the checkpoint, so call this when everything is made, in the order in which it always is.
    /// </summary>
    /// <param name="model">The model with its optimisers.</param>
    /// <exception cref="CheckpointException">There is no checkpoint to go on from, or it does not fit this run.</exception>
    /// <exception cref="InvalidOperationException">The run has a trainer already.</exception>
    public Trainer Trainer(IStateful model)
    {
        if (_trainer is not null) throw new InvalidOperationException(
            "A run has one trainer: what is trained together is given to it together, by name.");
        return _trainer = new Trainer(model, new TrainerOptions
        {
            Name = _info.Name,
            Epochs = Epochs,
            Output = Output,
            Resume = IsResuming,
            ResumeFrom = _command.Parsed.GetValue(_options.Resume),
            CheckpointEvery = TimeSpan.FromMinutes(
                Math.Min(_command.Parsed.GetValue(_options.CheckpointMinutes), Math.Floor(TimeSpan.MaxValue.TotalMinutes))),
            KeepPrevious = _command.Parsed.GetValue(_options.KeepPrevious),
            Settings = Settings(),
            FreeSettings = _command.Options.Where(_options.MayChange).Select(option => option.Name).ToHashSet(),
            DefaultSettings = _command.Options.Where(_command.IsDefault).Select(option => option.Name).ToHashSet(),
            Facts = new Dictionary<string, string>
            {
                ["Command"] = _command.Text,
                ["Device"] = Device.ToString() ?? Device.Name,
                ["Epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
            },
            Random = Random,
            Stop = _stop,
            Progress = Progress,
        });
    }

    /// <summary>
    /// What trains several things together, each under a name of its own in checkpoints; see <see cref="Trainer(IStateful)"/>.
    /// </summary>
    /// <param name="parts">Models and optimisers, with names.</param>
    public Trainer Trainer(params ReadOnlySpan<(string Name, IStateful Part)> parts) => Trainer(new TrainedParts(parts.ToArray()));

    /// <summary>The steps of the whole run, at least 1: what a learning rate falls over.</summary>
    /// <param name="batches">The batches of an epoch.</param>
    public long AllSteps(BatchLoader batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return AllSteps(batches.BatchesPerEpoch);
    }

    /// <summary>The steps of the whole run, at least 1: what a learning rate falls over.</summary>
    /// <param name="perEpoch">The steps of an epoch.</param>
    public long AllSteps(int perEpoch) => Math.Max(1, (long)Epochs * perEpoch);

    /// <summary>Prints a line, above the live progress where there is one.</summary>
    /// <param name="text">The line.</param>
    public void Print(string text) => Progress.Print(text);

    /// <summary>Prints a grey image with characters, two rows of pixels to a line.</summary>
    /// <param name="pixels">height x width numbers from -1 (black) to 1 (white).</param>
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

    /// <summary>Closes the device, which the run opened for itself.</summary>
    public void Dispose() => Device.Dispose();

    /// <summary>What a user whose training failed wants to know; null where there is no checkpoint.</summary>
    internal string? LastCheckpoint => _trainer?.LastCheckpoint;

    private bool IsResuming => _command.Parsed.GetResult(_options.Resume) is { Implicit: false };

    /// <summary>The command line that goes on from the last checkpoint.</summary>
    internal string ToResume => _command.ToResume;

    internal void Finish(string stoppedBy)
    {
        if (IsStopping) Print($"Stopped by {stoppedBy}; what was done so far is kept.");
        if (_trainer is { HasBegun: true }) _trainer.WriteReport();
        if (Output.Files.Count == 0) return;
        Print($"Written to {Output.Path}:");
        foreach (string line in Output.Listing()) Print($"  {line}");
        foreach (string line in Output.Leftovers()) Print($"There before and not of this run: {line}");
        if (IsStopping && LastCheckpoint is not null) Print($"To go on: {ToResume}");
    }

    /// <summary>Options that decide what is trained, and the data: with others a checkpoint means something else.</summary>
    private Dictionary<string, string> Settings()
    {
        Dictionary<string, string> settings = [];
        foreach (Option option in _command.Options)
        {
            bool isTold = _options.MayChange(option) || (option == _options.Data && _loaded.Count > 0);
            if (!isTold) settings[option.Name] = _command.Value(option);
        }

        foreach ((string name, string data) in _loaded) settings[name] = data;
        return settings;
    }

    private ImageDataset Load(string split)
    {
        DataOptions options = new()
        {
            Split = split,
            Seed = Seed,
            Count = _data == Datasets.DigitsName ? _info.Digits : null,
            Cancellation = _stop,
            Progress = new DownloadLog(this),
        };
        return Datasets.Load(_data, options);
    }

    private ImageDataset Announced(ImageDataset data, string split)
    {
        // Two files of one name are told apart by their content.
        _loaded[split == "train" ? "--data" : $"--data ({split})"] = string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Name}: {data.Count} images of {data.Height} x {data.Width} x {data.Channels}, checksum {Crc32.Of(data.Pixels):x8}");
        Print($"Data: {data.Name}, {data.Count} images of {data.Height} x {data.Width}. Device: {Device}. Seed: {Seed}.");
        return data;
    }

    /// <summary>One line for each file that is downloaded.</summary>
    private sealed class DownloadLog(TrainingRun run) : IProgress<DownloadProgress>
    {
        private string? _file;
        private long _shown;

        public void Report(DownloadProgress value)
        {
            if (value.File != _file)
            {
                (_file, _shown) = (value.File, 0);
                run.Print($"Downloading {value.File} from {value.Source.Host} ...");
            }

            if (value.BytesTotal is not { } total || total <= 0 || value.BytesReceived < _shown) return;
            run.Print($"  {100 * value.BytesReceived / total,3} % of {total >> 10} KiB");
            _shown = value.BytesReceived + (total / 4);
        }
    }
}
