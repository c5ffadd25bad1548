using Engine.Models.Imaging;

namespace Engine.Models.Training;

/// <summary>
/// The folder that a run writes to; it keeps a list of what was written. It is created when something is written, not before.
/// </summary>
public sealed class OutputFolder
{
    private readonly List<string> _files = [];
    private readonly string _owner;
    private bool _isReady;

    /// <summary>A folder that need not exist yet.</summary>
    /// <param name="path">Its path.</param>
    public OutputFolder(string path) : this(path, "")
    {
    }

    /// <summary>A folder that an option names.</summary>
    internal OutputFolder(string path, string owner)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = System.IO.Path.GetFullPath(path);
        _owner = owner;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The names of the files that were written, in order.</summary>
    public IReadOnlyList<string> Files => _files.AsReadOnly();

    /// <summary>Writes a picture as PNG.</summary>
    /// <param name="name">The file's name in the folder.</param>
    /// <param name="picture">The picture.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string name, Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        Prepare();
        picture.Save(System.IO.Path.Combine(Path, name));
        Remember(name);
    }

    /// <summary>Writes a text in UTF-8; a file of the same name is replaced.</summary>
    /// <param name="name">The file's name in this folder.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveText(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Save(name, System.Text.Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Writes a file: whole, or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal void Save(string name, ReadOnlySpan<byte> content)
    {
        Prepare();
        WholeFile.Write(System.IO.Path.Combine(Path, name), content);
        Remember(name);
    }

    /// <summary>Creates the folder.</summary>
    /// <exception cref="IOException">It cannot be made, or not be written to.</exception>
    internal void Prepare()
    {
        if (_isReady) return;
        try
        {
            Directory.CreateDirectory(Path);

            // Rights are only known by trying.
            string probe = System.IO.Path.Combine(Path, $".probe-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"{_owner}the folder '{Path}' cannot be written: {e.Message}", e);
        }

        _isReady = true;
    }

    /// <summary>Counts a file as one of this run's.</summary>
    internal void Remember(string name)
    {
        if (!_files.Contains(name)) _files.Add(name);
    }

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

    /// <summary>What the names of a series have in common: everything but digits.</summary>
    internal static string Series(string name) => string.Concat(name.Where(c => !char.IsDigit(c)));
}
