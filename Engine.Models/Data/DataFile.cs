namespace Engine.Models.Data;

/// <summary>A published file: its name at the mirrors and what is known of its content.</summary>
/// <param name="Name">Name at the mirrors and in the cache.</param>
/// <param name="AlsoCalled">Other names under which the same content is accepted in a folder.</param>
/// <param name="Bytes">Length, or null when it is not known for certain.</param>
/// <param name="Sha256">SHA-256 in lower-case hexadecimal digits, or null when it is not known for certain.</param>
/// <param name="Md5">MD5, where that is the checksum its authors publish; it guards against accidents, not against forgery.</param>
internal sealed record DataFile(string Name, string[] AlsoCalled, long? Bytes, string? Sha256, string? Md5 = null)
{
    /// <summary>
    /// An IDX file as the MNIST family names them: packed or not, and with the dot that some archives put in place of the second dash.
    /// </summary>
    public static DataFile OfIdx(string stem, string kind, long? bytes, string? sha256, string? md5 = null) =>
        new($"{stem}-{kind}.gz", [$"{stem}-{kind}", $"{stem}.{kind}", $"{stem}.{kind}.gz"], bytes, sha256, md5);

    /// <summary>All names under which the content is accepted.</summary>
    public IEnumerable<string> Names => [Name, .. AlsoCalled];

    /// <summary>The path of this file in a folder, under whichever of its names it lies there; null when it does not.</summary>
    public string? In(string folder)
    {
        foreach (string name in Names)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) return path;
        }

        return null;
    }
}
