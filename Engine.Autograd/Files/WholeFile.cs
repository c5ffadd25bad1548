namespace Engine.Autograd.Files;

/// <summary>
/// A file that appears whole or not at all: it is written under a temporary name of its own in the same folder, flushed to the disk and
/// renamed. Readers of the path find the file that was there before or the new one, and of several writers of one path the last one to end
/// decides.
/// </summary>
/// <remarks>
/// The temporary file is always created: neither a file of that name nor a symbolic link is ever opened or overwritten. Where the path is a
/// symbolic link, the link is replaced and what it points to is left alone. The temporary file is held open, under an advisory lock that
/// the operating system takes back when the process ends, until it has its final name: one that can be locked is a leftover.
/// </remarks>
internal sealed class WholeFile : IDisposable
{
    private const string Prefix = ".engine-", Suffix = ".tmp";

    private readonly string _path;
    private readonly string _temporary;
    private bool _isCommitted;

    /// <summary>Creates the temporary file.</summary>
    /// <param name="path">The file to write. Its folder must exist.</param>
    /// <exception cref="IOException">The temporary file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor because of missing rights.</exception>
    public WholeFile(string path)
    {
        _path = Path.GetFullPath(path);
        _temporary = Path.Combine(Path.GetDirectoryName(_path) ?? _path, $"{Prefix}{Guid.NewGuid():N}{Suffix}");
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
    }

    /// <summary>Where the content goes.</summary>
    public FileStream Stream { get; }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file. Its folder must exist.</param>
    /// <param name="content">Its content.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before still is.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            using WholeFile file = new(path);
            file.Stream.Write(content);
            file.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file. Its folder must exist.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="keep">The name in the same folder to keep the file under that is there; null to replace it.</param>
    /// <exception cref="IOException">The file cannot be written; what was there before still is.</exception>
    public static void Write(string path, Action<Stream> write, string? keep = null)
    {
        try
        {
            using WholeFile file = new(path);
            write(file.Stream);
            file.Commit(keep);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Deletes the temporary files that processes which have ended left in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="age">How long ago they must have been written to at the least.</param>
    public static void ClearLeftovers(string folder, TimeSpan age)
    {
        foreach (string path in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}"))
        {
            if (!IsTemporary(Path.GetFileName(path)) || File.GetLastWriteTimeUtc(path) > DateTime.UtcNow - age) continue;
            if (new FileInfo(path).LinkTarget is not null)
            {
                TryDelete(path);
                continue;
            }

            try
            {
                // Fails where a writer holds it.
                using FileStream leftover = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                TryDelete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, or somebody else's.
            }
        }
    }

    /// <summary>Deletes a file where that is possible.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A leftover does no harm, and must not hide the error that led here.
        }
    }

    /// <summary>Why a file cannot be written, as a sentence.</summary>
    /// <remarks>What the system says of a full disk names the temporary file, which is of no use to anybody.</remarks>
    public static string Reason(Exception e) => IsDiskFull(e) ? "the disk is full." : e.Message;

    /// <summary>Flushes the content to the disk and gives the file its name.</summary>
    /// <param name="keep">The name in the same folder to keep the file under that is there; null to replace it.</param>
    /// <exception cref="IOException">The content cannot be written, or the file not be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor because of missing rights.</exception>
    public void Commit(string? keep = null)
    {
        Stream.Flush(flushToDisk: true);

        // With a file to keep, one call that keeps the old file and puts the new one into its place: there is a file at every moment.
        if (keep is null || !File.Exists(_path)) File.Move(_temporary, _path, overwrite: true);
        else File.Replace(_temporary, _path, Path.Combine(Path.GetDirectoryName(_path)!, keep));
        _isCommitted = true;
    }

    /// <summary>Closes the file, and deletes it if it was not committed.</summary>
    public void Dispose()
    {
        if (_isCommitted)
        {
            Stream.Dispose();
            return;
        }

        TryDelete(_temporary);
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // What is still buffered does not fit on the disk: it is given up anyway.
        }

        // Where an open file cannot be deleted.
        TryDelete(_temporary);
    }

    private static bool IsTemporary(string name) =>
        name.Length == Prefix.Length + 32 + Suffix.Length && name.AsSpan(Prefix.Length, 32).ContainsAnyExcept("0123456789abcdef") is false;

    // ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL of Windows, ENOSPC, EDQUOT of Linux and of macOS: what .NET reports of a disk, or a
    // user's share of it, that is full.
    private static bool IsDiskFull(Exception e) => e.HResult is unchecked((int)0x80070027) or unchecked((int)0x80070070) or 28 or 122 or 69;

    private static IOException Unwritable(string path, Exception e) => new($"{path} cannot be written: {Reason(e)}", e);
}
