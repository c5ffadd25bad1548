using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Autograd.Files;
using Microsoft.Win32.SafeHandles;

namespace Engine.Models.Training;

/// <summary>
/// A folder that one process at a time writes to: a file in it that is held open and locked, with the process in it. The lock is advisory,
/// and the operating system takes it back when the process ends, however it ends: the file that a killed process leaves locks nothing.
/// </summary>
internal sealed partial class FolderLock : IDisposable
{
    /// <summary>The name of the lock file.</summary>
    public const string FileName = ".engine.lock";

    /// <summary>How often the file of another holder is read until that has written who it is.</summary>
    private const int MostReads = 50;

    private readonly string _path;
    private readonly FileStream _file;

    private FolderLock(string path, FileStream file) => (_path, _file) = (path, file);

    /// <summary>Locks a folder.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <exception cref="IOException">Another process has it, or the lock file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The lock file cannot be written because of missing rights.</exception>
    public static FolderLock Take(string folder)
    {
        string path = Path.Combine(folder, FileName);
        for (int read = 1; ; read++)
        {
            if (new FileInfo(path).LinkTarget is { } target)
                throw new IOException($"{path} is a symbolic link to {target}: expected a lock file or none.");
            try
            {
                FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
                FolderLock taken = new(path, file);
                try
                {
                    if (IsTaken(path, file)) return taken;
                }
                catch (IOException)
                {
                    // On a full disk: an empty file must not stay behind.
                    taken.Dispose();
                    throw;
                }

                // Its holder has deleted it after it was opened here.
                file.Dispose();
            }
            catch (IOException e) when (IsSharingViolation(e))
            {
                string[] holder = Content(path).Split(' ');
                if (holder.Length == 3) throw new IOException(
                    $"process {holder[0]} on {holder[1]} writes to it; name another folder, or wait until that run has ended.", e);
                if (read == MostReads) throw new IOException(
                    "another process writes to it; name another folder, or wait until that run has ended.", e);
                Thread.Sleep(10);
            }
        }
    }

    /// <summary>Deletes the lock file and unlocks the folder.</summary>
    public void Dispose()
    {
        // While it is locked, so that nobody else's is deleted; on Windows that cannot be done.
        WholeFile.TryDelete(_path);
        _file.Dispose();
        if (OperatingSystem.IsWindows()) WholeFile.TryDelete(_path);
    }

    /// <summary>Writes who holds the lock, and says whether the file is still the one of that name.</summary>
    private static bool IsTaken(string path, FileStream file)
    {
        string content = string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessId} {Environment.MachineName.Replace(' ', '-')} {Guid.NewGuid():N}");
        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(content));
        file.Flush();
        return OperatingSystem.IsWindows() || Content(path) == content;
    }

    // Sharing violation of Windows, EAGAIN of Linux and of macOS: what .NET reports where a lock is held.
    private static bool IsSharingViolation(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;

    /// <summary>The content of the file: of a locked one too, which .NET opens in no way.</summary>
    private static string Content(string path)
    {
        if (OperatingSystem.IsWindows()) return "";
        const int ReadOnly = 0;
        using SafeFileHandle handle = new(Open(path, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid) return "";
        byte[] content = new byte[512];
        return Encoding.UTF8.GetString(content, 0, RandomAccess.Read(handle, content, 0));
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
