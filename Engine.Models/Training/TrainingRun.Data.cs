using System.CommandLine;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Data.Pictures;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

// The data that a run trains on.
public sealed partial class TrainingRun
{
    /// <summary>What was loaded, with checksums, for the settings in checkpoints.</summary>
    private readonly Dictionary<string, string> _loaded = [];

    /// <summary>What was read already, of this run and of those that forecast its memory.</summary>
    private readonly Dictionary<string, object> _sources = [];

    /// <summary>
    /// Loads the images that <c>--data</c> names, of those to train on at most as many as <c>--images</c> says, downloading them with
    /// progress where they are not found.
    /// </summary>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be loaded; the message says what was looked for, where, and what was found.</exception>
    public ImageDataset LoadImages(string split = "train") => Announced(Load(split), split);

    /// <summary>Loads square images whose sides a program's networks can halve so often; see <see cref="LoadImages(string)"/>.</summary>
    /// <param name="multipleOf">What their sides must be a multiple of; at least 1.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be loaded, or have another size.</exception>
    public ImageDataset LoadSquares(int multipleOf, string split = "train") => LoadSquares(_ => multipleOf, split);

    /// <summary>The same where what the sides must be a multiple of depends on them.</summary>
    /// <param name="divisor">What a side must be a multiple of, such as <c>Dcgan.Divisor</c>.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be loaded, or have another size.</exception>
    public ImageDataset LoadSquares(Func<int, int> divisor, string split = "train")
    {
        ArgumentNullException.ThrowIfNull(divisor);
        ImageDataset data = Load(split);
        int multipleOf = Math.Max(1, divisor(data.Height));
        if (data.Height != data.Width) throw new DataException(
            $"--data: expected square images, found {data.Height} x {data.Width} in {data.Name}: --size makes them square.");
        if (data.Height % multipleOf != 0) throw new DataException(
            $"--size must be a multiple of {multipleOf} for these networks, found images of {data.Height} x {data.Width} in {data.Name}.");
        return Announced(data, split);
    }

    /// <summary>
    /// Loads images that must have the one size that the program's networks are made for; see <see cref="LoadImages(string)"/>.
    /// </summary>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Bytes of a pixel: 1 grey, 3 RGB.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <exception cref="DataException">They cannot be loaded, or are of another size.</exception>
    public ImageDataset LoadImages(int height, int width, int channels, string split = "train")
    {
        ImageDataset data = Load(split);
        if ((data.Height, data.Width, data.Channels) == (height, width, channels)) return Announced(data, split);
        throw new DataException(
            $"--data: expected images of {height} x {width} x {channels} (height x width x channels), found {data.Height} x {data.Width} "
            + $"x {data.Channels} in {data.Name}{Asked(height, width, channels)}.");

        // Without a word of it where the options have been given already.
        static string Asked(int height, int width, int channels) => height != width ? ""
            : $"; --size {height} --channels {channels} makes them so";
    }

    /// <summary>
    /// Sets the last tenth of the training images aside where epochs are to be compared, which images that are trained on say nothing of,
    /// and images that are tested on must not decide; see <see cref="IsMonitored"/>.
    /// </summary>
    /// <param name="data">The training images.</param>
    /// <returns>The images to train on, and those held out; all of them and null where no epochs are compared.</returns>
    /// <exception cref="DataException">There are fewer than two.</exception>
    public (ImageDataset Train, ImageDataset? HeldOut) HoldOut(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!IsMonitored) return (data, null);
        if (data.Count < 2) throw new DataException(
            $"--patience and --keep-best hold images out: expected at least 2 in {data.Name}, found {data.Count}.");
        int kept = data.Count - Math.Max(1, data.Count / 10);
        _loaded["--data (held out)"] = string.Create(CultureInfo.InvariantCulture, $"the last {data.Count - kept} images");
        return (data.Take(kept), data.Skip(kept));
    }

    /// <summary>Whether the images that <c>--data</c> names have a split of their own, such as <c>valid</c>.</summary>
    /// <param name="split">The split.</param>
    public bool HasSplit(string split) => Datasets.HasSplit(_data, split);

    /// <summary>Loads the text that <c>--data</c> names, downloading it with progress where it is not found.</summary>
    /// <exception cref="DataException">It cannot be loaded; the message says what was looked for, where, and what was found.</exception>
    public TextDataset LoadText()
    {
        TextDataset text = Once("text", () => TextDatasets.Load(_data, new DataOptions
        {
            Seed = Seed,
            Count = _data == TextDatasets.SentencesName ? _info.Characters : null,
            Cancellation = _stop,
            Progress = new DownloadLog(this),
        }));
        uint checksum = Crc32.HashToUInt32(MemoryMarshal.AsBytes(text.Tokens.Span));
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
    /// <param name="scale">How bytes become floats.</param>
    /// <exception cref="DataException">The data are fewer than one batch.</exception>
    public BatchLoader Batches(ImageDataset data, PixelScale scale = PixelScale.SignedUnit)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (Batch > data.Count) throw new DataException(
            $"--batch must be at most {data.Count}, the number of images in {data.Name}; was {Batch}.");
        return new BatchLoader(data, Batch, new BatchOptions {
            Seed = Seed, DropLast = true, Scale = scale, Flip = Option(_options.Flip), Shift = Option(_options.Shift) });
    }

    private ImageDataset Load(string split)
    {
        DataOptions options = new()
        {
            Split = split,
            Seed = Seed,
            Count = _data is Datasets.DigitsName or Datasets.ShapesName ? _info.Digits : null,
            Size = Option(_options.Size),
            Channels = Option(_options.Channels),
            Fit = Option(_options.Fit) == "pad" ? PictureFit.Pad : PictureFit.Crop,
            Strict = Option(_options.Strict),
            Notices = new NoticeLog(this),
            Cancellation = _stop,
            Progress = new DownloadLog(this),
        };
        return Once($"{split} {options.Size}", () => Datasets.Load(_data, options));
    }

    private T Once<T>(string name, Func<T> load) where T : class
    {
        if (!_sources.TryGetValue(name, out object? data)) _sources[name] = data = load();
        return (T)data;
    }

    private ImageDataset Announced(ImageDataset data, string split)
    {
        string option = split == "train" ? "--data" : $"--data ({split})";
        ImageDataset all = data;
        if (split == "train" && Option(_options.Images) is { } most && most < data.Count) data = data.Take(most);
        if (_isForecast || _loaded.ContainsKey(option)) return data;

        // Two files of one name are distinguished by their content.
        _loaded[option] = string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Name}: {data.Count} images of {data.Height} x {data.Width} x {data.Channels}, "
            + $"checksum {Crc32.HashToUInt32(data.Pixels):x8}");
        string count = data.Count == all.Count ? $"{data.Count}" : $"{data.Count} of {all.Count}";
        Print($"Data: {all.Name}, {count} images of {Extent(data)}. Device: {Device}. Seed: {Seed}.");
        return data;
    }

    private static string Extent(ImageDataset data) =>
        $"{data.Height} x {data.Width}{(data.Channels == 1 ? "" : $" x {data.Channels}")}";

    /// <summary>What there is to say about the data.</summary>
    private sealed class NoticeLog(TrainingRun run) : IProgress<string>
    {
        public void Report(string value) => run.Progress.Print(value);
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
                run.Progress.Print($"Downloading {value.File} from {value.Source.Host} ...");
            }

            if (value.BytesTotal is not { } total || total <= 0 || value.BytesReceived < _shown) return;
            run.Progress.Print($"  {100 * value.BytesReceived / total,3} % of {total >> 10} KiB");
            _shown = value.BytesReceived + (total / 4);
        }
    }
}
