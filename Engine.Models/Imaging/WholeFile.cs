namespace Engine.Models.Imaging;

/// <summary>Writes a file so that it appears whole or not at all: under a temporary name beside its place, then renamed.</summary>
internal static class WholeFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? full;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1)) stream.Write(content);
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception deletion) when (deletion is IOException or UnauthorizedAccessException)
            {
                // The first error says what is wrong; a leftover of it must not hide that.
            }

            throw new IOException($"Cannot write {full}: {e.Message}", e);
        }
    }
}
