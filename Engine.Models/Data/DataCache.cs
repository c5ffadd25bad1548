using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Engine.Autograd.Files;

namespace Engine.Models.Data;

/// <summary>
/// The folder that downloads of one data set are kept in. A file is compared with its published checksum once; what was found is kept in a
/// small file beside it, and as long as length and time are the same the file is trusted. Several processes may use it at once.
/// </summary>
/// <param name="options">Where the cache is, and how to download.</param>
/// <param name="name">The data set.</param>
internal sealed partial class DataCache(DataOptions options, string name)
{
    /// <summary>How long ago a temporary file was written to at the least that no process holds.</summary>
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromMinutes(2);

    /// <summary>The folder of the data set.</summary>
    public string Folder { get; } = Path.Combine(options.CacheFolder, name);

    /// <summary>Why a file that is there was not taken; null when there was none.</summary>
    public string? Damage { get; private set; }

    /// <summary>The path of a file in the cache; null when it is not there, or damaged.</summary>
    /// <exception cref="DataException">Others can write to the folder.</exception>
    public string? Find(DataFile file)
    {
        CacheRights.Check(Folder);
        if (file.In(Folder) is not { } path) return null;

        // Under another name it was not downloaded but put there.
        if (Path.GetFileName(path) != file.Name) return path;
        Damage = Fault(file, path) is { } fault ? $"{path} is damaged: {fault}." : null;
        return Damage is null ? path : null;
    }

    /// <summary>Downloads a file into the cache.</summary>
    /// <param name="file">The file.</param>
    /// <param name="mirrors">Where to look for it.</param>
    /// <exception cref="DataException">Every mirror failed, or others can write to the folder.</exception>
    public string Fetch(DataFile file, IReadOnlyList<Uri> mirrors)
    {
        CacheRights.Check(Folder);
        string path = new Downloader(mirrors, options).Fetch(file, Folder);
        ClearLeftovers();
        if ((file.Sha256 ?? file.Md5) is { } checksum) MarkChecked(file, path, checksum);
        return path;
    }

    /// <summary>What is wrong with a file; null when nothing is.</summary>
    private string? Fault(DataFile file, string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            if (file.Bytes is { } bytes && length != bytes) return $"expected {bytes} bytes, found {length}";
            if ((file.Sha256 ?? file.Md5) is not { } expected || IsMarked(file, path, expected)) return null;
            using FileStream content = File.OpenRead(path);
#pragma warning disable CA5351 // What its authors publish; it guards against accidents, not against forgery.
            string found = Convert.ToHexStringLower(file.Sha256 is not null ? SHA256.HashData(content) : MD5.HashData(content));
#pragma warning restore CA5351
            if (found != expected) return $"expected {(file.Sha256 is not null ? "SHA-256" : "MD5")} {expected}, found {found}";
            MarkChecked(file, path, expected);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private string Mark(DataFile file) => Path.Combine(Folder, $".{file.Name}.checked");

    private bool IsMarked(DataFile file, string path, string checksum) =>
        File.Exists(Mark(file)) && File.ReadAllText(Mark(file)) == Stamp(path, checksum);

    private void MarkChecked(DataFile file, string path, string checksum)
    {
        try
        {
            WholeFile.Write(Mark(file), System.Text.Encoding.UTF8.GetBytes(Stamp(path, checksum)));
        }
        catch (IOException)
        {
            // A cache that can only be read is checked each time.
        }
    }

    private static string Stamp(string path, string checksum)
    {
        FileInfo file = new(path);
        return string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks} {checksum}\n");
    }

    // Of this version what no process holds, of earlier ones what is older than a day.
    private void ClearLeftovers()
    {
        WholeFile.ClearLeftovers(Folder, s_leftoverAge);
        foreach (string path in Directory.EnumerateFiles(Folder, ".*.part"))
            if (EarlierTemporary().IsMatch(Path.GetFileName(path)) && File.GetLastWriteTimeUtc(path) < DateTime.UtcNow.AddDays(-1))
                WholeFile.TryDelete(path);
    }

    [GeneratedRegex(@"^\..+\.[0-9a-f]{32}\.part$")]
    private static partial Regex EarlierTemporary();
}

/// <summary>Who may write to a cache: the user alone, or data of anybody else would be taken for those that were checked.</summary>
internal static class CacheRights
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Entry =
        UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Makes a folder with the user's rights alone, where it does not exist.</summary>
    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Owner);
    }

    /// <summary>
    /// Refuses a folder that others can write to, or can put another into the place of: one of the folders above it is theirs, or open to
    /// everybody, as /tmp is, and what lies in it is a link or belongs to another user.
    /// </summary>
    /// <exception cref="DataException">They can.</exception>
    public static void Check(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        List<DirectoryInfo> path = [];
        for (DirectoryInfo? at = new(Path.GetFullPath(folder)); at is not null; at = at.Parent)
            if (at.Exists) path.Add(at);

        // Nobody else gets into a closed folder, whatever the rights of what lies in it.
        if (path.Any(at => (at.UnixFileMode & Entry) == 0)) return;
        DirectoryInfo? below = null, openToGroup = null;
        foreach (DirectoryInfo at in path)
        {
            UnixFileMode mode = at.UnixFileMode;
            bool isSticky = mode.HasFlag(UnixFileMode.StickyBit) && below is not null;
            if (mode.HasFlag(UnixFileMode.OtherWrite))
            {
                if (!isSticky) throw Refused(folder, $"others can write to {at.FullName}");

                // Groups of one user are usual at home; where everybody has folders, a group is somebody else.
                if (openToGroup is not null) throw Refused(folder, $"a group can write to {openToGroup.FullName}");
                if (below!.LinkTarget is not null)
                    throw Refused(folder, $"{below.FullName} is a link in a folder that others can write to");
                if (!IsOwn(below)) throw Refused(folder, $"{below.FullName} belongs to another user");
            }
            else if (mode.HasFlag(UnixFileMode.GroupWrite) && !isSticky)
            {
                openToGroup ??= at;
            }

            below = at;
        }
    }

    // Only the owner of a folder, or root, may set its rights, also to what they are.
    private static bool IsOwn(DirectoryInfo folder)
    {
        if (OperatingSystem.IsWindows()) return true;
        try
        {
            File.SetUnixFileMode(folder.FullName, folder.UnixFileMode);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static DataException Refused(string folder, string why) => new(
        $"The cache {folder} is not used: {why}. Take their rights away (chmod go-w), or put the data into a folder that ENGINE_DATA "
        + "names.");
}
