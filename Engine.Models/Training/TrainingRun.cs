using System.CommandLine;
using System.Text;
using Engine.Kernels;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>One run of a training program: what its options decided, and where it reports to.</summary>
public sealed class TrainingRun : IDisposable
{
    private readonly ProgramInfo _info;
    private readonly ParseResult _parsed;
    private readonly string _data;
    private readonly CancellationToken _stop;
    private OutputFolder? _output;

    internal TrainingRun(ProgramInfo info, TrainingOptions options, ParseResult parsed, CancellationToken stop)
    {
        (_info, _parsed, _stop) = (info, parsed, stop);
        _data = info.Data is null ? "" : parsed.GetValue(options.Data)!;
        Epochs = parsed.GetValue(options.Epochs);
        Batch = parsed.GetValue(options.Batch);
        Seed = parsed.GetValue(options.Seed);
        OutputPath = Path.GetFullPath(parsed.GetValue(options.Out)!);
        Random = new RandomStream((long)Seed);
        string? device = parsed.GetValue(options.Device);
        Device = string.IsNullOrEmpty(device) ? Device.Default : Device.Open(device);
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

    /// <summary>True once Ctrl+C was pressed: end the epoch, keep what there is.</summary>
    public bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>The folder for results, <c>--out</c>: made at the first use, so that a run that fails before leaves nothing behind.</summary>
    /// <exception cref="IOException">It cannot be made or written to.</exception>
    public OutputFolder Output => _output ??= new OutputFolder(OutputPath);

    /// <summary>The folder for results, as a path.</summary>
    internal string OutputPath { get; }

    /// <summary>The value of an option of the program's own.</summary>
    public T? Option<T>(Option<T> option) => _parsed.GetValue(option);

    /// <summary>Loads the images that <c>--data</c> names, downloading them with progress where they are not found.</summary>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be had; the message says what was looked for, where, and what was found.</exception>
    public ImageDataset LoadImages(string split = "train") => Announced(Load(split));

    /// <summary>Loads images that must have the one size that the program's networks are made for; see <see cref="LoadImages(string)"/>.</summary>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Bytes of a pixel: 1 grey, 3 RGB.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be had, or are of another size.</exception>
    public ImageDataset LoadImages(int height, int width, int channels, string split = "train")
    {
        ImageDataset data = Load(split);
        if ((data.Height, data.Width, data.Channels) == (height, width, channels)) return Announced(data);
        throw new DataException(
            $"--data: expected images of {height} x {width} x {channels} (height x width x channels), found {data.Height} x {data.Width} x {data.Channels} in {data.Name}.");
    }

    /// <summary>Batches of a data set in the size that <c>--batch</c> names, shuffled from the seed, without an incomplete last one.</summary>
    /// <param name="data">The data.</param>
    /// <param name="scale">How bytes become numbers.</param>
    /// <exception cref="DataException">The data are fewer than one batch.</exception>
    public BatchLoader Batches(ImageDataset data, PixelScale scale = PixelScale.SignedUnit)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (Batch > data.Count) throw new DataException($"--batch must be at most {data.Count}, the number of images in {data.Name}; was {Batch}.");
        return new BatchLoader(data, Batch, new BatchOptions { Seed = Seed, DropLast = true, Scale = scale });
    }

    /// <summary>The epochs, from 1, until all are done or Ctrl+C is pressed.</summary>
    /// <param name="reportEvery">How many epochs one printed line tells of.</param>
    /// <exception cref="IOException">The folder for results cannot be written.</exception>
    public IEnumerable<int> EpochNumbers(int reportEvery = 1)
    {
        // A folder that cannot be written is found out before training, not after an epoch of it.
        _ = Output;
        for (int epoch = 1; epoch <= Epochs && !IsStopping; epoch++)
        {
            Progress.BeginEpoch(epoch);
            yield return epoch;
            if (epoch % reportEvery == 0 || epoch == Epochs || IsStopping) Progress.EndEpochs();
        }
    }

    /// <summary>Writes the mean losses of every printed line over its epoch as a chart, <c>losses.png</c>.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveLossChart()
    {
        LineChart chart = new() { Title = $"{_info.Name}: mean losses", XLabel = "epoch", YLabel = "nats" };
        foreach (string name in Progress.History.SelectMany(line => line.Losses.Keys).Distinct())
        {
            List<EpochMeans> lines = [.. Progress.History.Where(line => line.Losses.ContainsKey(name))];
            chart.Add(name, [.. lines.Select(line => (double)line.Epoch)], [.. lines.Select(line => line.Losses[name])]);
        }

        if (Progress.History.Count > 0) Output.Save("losses.png", chart.Draw());
    }

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

    /// <summary>Closes the device, where the run opened one of its own.</summary>
    public void Dispose()
    {
        if (!ReferenceEquals(Device, Device.Default)) Device.Dispose();
    }

    internal void Finish()
    {
        if (IsStopping) Print("Stopped by Ctrl+C; what was done so far is kept.");
        if (_output is null) return;
        Print($"Written to {_output.Path}:");
        foreach (string line in _output.Listing()) Print($"  {line}");
        foreach (string line in _output.Leftovers()) Print($"There before and not of this run: {line}");
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

    private ImageDataset Announced(ImageDataset data)
    {
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
