using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Engine.Models.Data.Pictures;

/// <summary>
/// The pictures of a folder and of the folders in it, before any is decoded: which there are, what class each is of, and whether it is
/// trained or tested on.
/// </summary>
internal sealed class PictureList
{
    private const int MostDeep = 8, OneIn = 10;
    private static readonly string[] s_splits = ["train", "valid", "test"];

    private readonly string _folder;
    private readonly Dictionary<string, Entry[]> _splits;

    private PictureList(string folder, Dictionary<string, Entry[]> splits, string[] classes, string[] unread)
    {
        (_folder, _splits, Classes, Unread) = (folder, splits, classes, unread);
    }

    /// <summary>The names of the classes, in order; none where the pictures carry none.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Files of formats that cannot be decoded.</summary>
    public IReadOnlyList<string> Unread { get; }

    /// <summary>The splits that there are.</summary>
    public IEnumerable<string> Splits => _splits.Keys;

    /// <summary>All pictures of the folder.</summary>
    public int Count => _splits.Values.Sum(part => part.Length);

    /// <summary>The pictures of a split, in the order of the hashes of their names, so that the first ones are of all classes.</summary>
    /// <exception cref="DataException">There is no such split, or nothing in it.</exception>
    public IReadOnlyList<Entry> In(string split)
    {
        if (!_splits.TryGetValue(split, out Entry[]? entries)) throw new DataException(
            $"{_folder} has no split '{split}'; it has {string.Join(", ", _splits.Keys)}.");
        return entries.Length > 0 && Count > 1 ? entries : throw new DataException(
            $"{_folder}: expected at least 2 pictures, one of them to test on, found {Count}.");
    }

    /// <summary>Lists a folder; null where no file in it is a picture by its name.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public static PictureList? Of(string folder)
    {
        EnumerationOptions options = new() { RecurseSubdirectories = true, MaxRecursionDepth = MostDeep, IgnoreInaccessible = true };
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(folder, "*", options).Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{folder} cannot be read: {e.Message}", e);
        }

        string[] pictures = [.. files.Where(file => Has(file, PictureFile.Extensions))];
        string[] unread = [.. files.Where(file => Has(file, PictureFile.Others))];
        if (pictures.Length == 0 && unread.Length == 0) return null;

        // Folders that are called as splits are them; else a tenth is left to test on, by the hash of the name.
        bool isSplit = new[] { "train", "test" }.All(name => pictures.Any(file => Top(file) == name));
        string[] classes = Named(pictures, isSplit);
        Dictionary<string, Entry[]> splits = isSplit
            ? s_splits.Where(name => pictures.Any(file => Top(file) == name)).ToDictionary(name => name, name => Ordered(
                pictures.Where(file => Top(file) == name), file => Below(file)))
            : Divided(Ordered(pictures, file => file));
        return new PictureList(folder, splits, classes, unread);

        Entry[] Ordered(IEnumerable<string> of, Func<string, string> name) =>
            [.. of.Select(file => new Entry(file, Hash(file), Array.IndexOf(classes, Top(name(file))))).OrderBy(entry => entry.Hash)];
    }

    /// <summary>A text that changes with any file of a split: names, lengths and times.</summary>
    public string Fingerprint(string split)
    {
        StringBuilder text = new();
        foreach (Entry entry in In(split))
        {
            FileInfo file = new(Path.Combine(_folder, entry.Name));
            text.Append(CultureInfo.InvariantCulture, $"{entry.Name}|{entry.Class}|{file.Length}|{file.LastWriteTimeUtc.Ticks}\n");
        }

        return text.ToString();
    }

    /// <summary>The bytes of the files of a split.</summary>
    public long Bytes(string split) => In(split).Sum(entry => new FileInfo(Path.Combine(_folder, entry.Name)).Length);

    // A split never changes by further files, except that neither part may be empty.
    private static Dictionary<string, Entry[]> Divided(Entry[] all)
    {
        Entry[] test = [.. all.Where(entry => entry.Hash % OneIn == 0)];
        if (test.Length == 0 && all.Length > 1) test = [all[0]];
        if (test.Length == all.Length) test = all[..(all.Length / 2)];
        return new Dictionary<string, Entry[]> { ["train"] = [.. all.Except(test)], ["test"] = test };
    }

    // Classes only where every picture lies in a sub-folder, and there are two at least.
    private static string[] Named(string[] pictures, bool isSplit)
    {
        string[] names = [.. pictures.Select(file => Top(isSplit ? Below(file) : file)).Distinct().Order(StringComparer.Ordinal)];
        return names.Length > 1 && !names.Contains("") ? names : [];
    }

    private static string Top(string file) => file.Contains('/') ? file[..file.IndexOf('/')] : "";

    private static string Below(string file) => file[(file.IndexOf('/') + 1)..];

    private static ulong Hash(string name) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(name));

    private static bool Has(string file, IReadOnlyList<string> extensions) =>
        extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    /// <summary>A file with a picture.</summary>
    /// <param name="Name">Its path below the folder, with / between.</param>
    /// <param name="Hash">XxHash64 of the name.</param>
    /// <param name="Class">The number of its class; -1 for none.</param>
    internal sealed record Entry(string Name, ulong Hash, int Class);
}
