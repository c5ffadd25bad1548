using System.Text.RegularExpressions;
using Engine.Autograd.Files;
using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>
/// The folder that a run writes to; it keeps a list of what was written. It is created when something is written, not before.
/// </summary>
public sealed partial class OutputFolder
{
    private readonly List<string> _files = [];
    private readonly Dictionary<string, string> _captions = [];
    private readonly string _owner;
    private readonly bool _isLocked;
    private FolderLock? _lock;
    private bool _isReady;

    /// <summary>A folder that need not exist yet.</summary>
    /// <param name="path">Its path.</param>
    public OutputFolder(string path) : this(path, "", isLocked: false)
    {
    }

    /// <summary>A folder that an option names.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="owner">The option, for messages.</param>
    /// <param name="isLocked">Whether no other process may write to it until <see cref="Unlock"/>.</param>
    internal OutputFolder(string path, string owner, bool isLocked)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = System.IO.Path.GetFullPath(path);
        (_owner, _isLocked) = (owner, isLocked);
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The names of the files that were written, in order.</summary>
    public IReadOnlyList<string> Files => _files.AsReadOnly();

    /// <summary>What is seen in pictures, by their names without digits: those of a series have one caption.</summary>
    internal IReadOnlyDictionary<string, string> Captions => _captions;

    /// <summary>Called with name and bytes of each PNG file and text that was written, and with the picture that it is of.</summary>
    internal Action<string, Picture?, byte[]>? Saved { get; set; }

    /// <summary>Whether nothing is written, because a forecast ends there: see <see cref="MemoryForecast"/>.</summary>
    internal bool IsForecast { get; init; }

    /// <summary>Writes a picture as PNG.</summary>
    /// <param name="name">The file's name in the folder, with the ending .png.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="caption">What is seen, for the report; null takes the name in words. Pictures whose names differ in digits alone are a
    /// series and share a caption.</param>
    /// <exception cref="ArgumentException">The name is none of a PNG file in the folder itself.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string name, Picture picture, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(picture);
        CheckName(name, ".png");
        Prepare();
        byte[] png = picture.ToPng();
        Picture.Write(System.IO.Path.Combine(Path, name), png);
        Remember(name, caption);
        Saved?.Invoke(name, picture, png);
    }

    /// <summary>Writes a chart as SVG.</summary>
    /// <param name="name">The file's name in the folder, with the ending .svg.</param>
    /// <param name="chart">The chart.</param>
    /// <param name="caption">What is seen, for the report; null takes the chart's title.</param>
    /// <exception cref="ArgumentException">The name is none of an SVG file in the folder itself.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string name, Chart chart, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(chart);
        CheckName(name, ".svg");
        Prepare();
        chart.Save(System.IO.Path.Combine(Path, name));
        Remember(name, caption ?? (chart.Title.Length > 0 ? chart.Title : null));
    }

    /// <summary>Writes a text in UTF-8; a file of the same name is replaced.</summary>
    /// <param name="name">The file's name in this folder.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The name is none of a file in the folder itself.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveText(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] content = System.Text.Encoding.UTF8.GetBytes(text);
        Save(name, content);
        Saved?.Invoke(name, null, content);
    }

    /// <summary>Writes a file: whole, or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal void Save(string name, ReadOnlySpan<byte> content)
    {
        CheckName(name);
        Prepare();
        WholeFile.Write(System.IO.Path.Combine(Path, name), content);
        Remember(name);
    }

    /// <summary>Creates the folder, locks it, and clears what runs that were killed have left in it.</summary>
    /// <exception cref="IOException">It cannot be made, or not be written to, or another process writes to it.</exception>
    internal void Prepare()
    {
        if (IsForecast) throw new ForecastEndException();
        if (_isReady) return;
        try
        {
            Directory.CreateDirectory(Path);
            if (_isLocked)
            {
                _lock = FolderLock.Take(Path);
                ClearLeftovers();
            }
            else
            {
                // Rights are only known by trying.
                new WholeFile(System.IO.Path.Combine(Path, "probe")).Dispose();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"{_owner}the folder '{Path}' cannot be written: {WholeFile.Reason(e)}", e);
        }

        _isReady = true;
    }

    /// <summary>Prepares the folder where it exists: that somebody else uses it is said before anything is computed.</summary>
    /// <exception cref="IOException">It cannot be written to, or another process writes to it.</exception>
    internal void PrepareIfThere()
    {
        if (Directory.Exists(Path)) Prepare();
    }

    /// <summary>Lets other processes write to the folder.</summary>
    internal void Unlock()
    {
        _lock?.Dispose();
        (_lock, _isReady) = (null, false);
    }

    /// <summary>Whether a name is one of a file in a folder itself, on every operating system.</summary>
    internal static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\\', '\0');

    /// <summary>Whether a name is one of a picture that a report can show.</summary>
    internal static bool IsPicture(string name) =>
        name.EndsWith(".png", StringComparison.Ordinal) || name.EndsWith(".svg", StringComparison.Ordinal);

    /// <summary>Counts a file as one of this run's.</summary>
    internal void Remember(string name, string? caption = null)
    {
        if (!_files.Contains(name)) _files.Add(name);
        if (caption is not null) Describe(Series(name), caption);
    }

    /// <summary>Takes a caption.</summary>
    internal void Describe(string series, string caption) => _captions[series] = caption;

    /// <summary>The files that were written: names in order, a series such as epoch-001.png, epoch-002.png as its first and last.</summary>
    internal IEnumerable<string> Listing() => InSeries(_files);

    /// <summary>
    /// Files of the same series as those that were written, left by an earlier and longer run: they stay, because only their owner knows
    /// whether they are still wanted, but they must not be taken for this run's.
    /// </summary>
    internal IEnumerable<string> Leftovers()
    {
        HashSet<string> series = [.. _files.Select(Series)];
        IEnumerable<string> present = Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file)!);
        return InSeries(present.Where(name => series.Contains(Series(name)) && !_files.Contains(name)).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> InSeries(IEnumerable<string> files)
    {
        foreach (IGrouping<string, string> series in files.GroupBy(Series))
        {
            string[] names = [.. series];
            yield return names.Length == 1 ? names[0] : $"{names[0]} to {names[^1]}";
        }
    }

    private static void CheckName(string name, string ending = "")
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsPlainName(name)) throw new ArgumentException($"Expected the name of a file in the folder itself, found '{name}'.");
        if (!name.EndsWith(ending, StringComparison.Ordinal)) throw new ArgumentException(
            $"Expected a name that ends in {ending}, found '{name}'.");
    }

    // What runs of this version leave, and of earlier ones.
    private void ClearLeftovers()
    {
        WholeFile.ClearLeftovers(Path, TimeSpan.Zero);
        foreach (string file in Directory.EnumerateFiles(Path))
            if (EarlierTemporary().IsMatch(System.IO.Path.GetFileName(file))) WholeFile.TryDelete(file);
    }

    [GeneratedRegex(
        @"^(\.probe-\d+|\..+\.[0-9a-f]{32}\.tmp|(checkpoint|weights)\.safetensors\.partial|checkpoint\.safetensors\.next(\.partial)?)$")]
    private static partial Regex EarlierTemporary();

    /// <summary>What the names of a series have in common: everything but digits.</summary>
    internal static string Series(string name) => string.Concat(name.Where(c => !char.IsDigit(c)));
}
