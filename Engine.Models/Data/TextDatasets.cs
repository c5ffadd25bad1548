using System.Text;

namespace Engine.Models.Data;

/// <summary>Loads texts by name or by path.</summary>
public static class TextDatasets
{
    /// <summary>The name of the text that the engine makes itself.</summary>
    public const string SentencesName = "sentences";

    /// <summary>
    /// The name of some of Shakespeare's plays, as char-rnn (Karpathy 2015) has put them together: 1.1 million characters.
    /// </summary>
    public const string ShakespeareName = "shakespeare";

    private static readonly DataFile s_shakespeare = new(
        "input.txt", ["shakespeare.txt", "tinyshakespeare.txt"], 1115394,
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed");

    private static readonly Uri[] s_mirrors =
    [
        new("https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/"),
        new("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"),
    ];

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [SentencesName, ShakespeareName];

    /// <summary>Loads a text.</summary>
    /// <remarks>
    /// "sentences" is made on the spot (<see cref="Sentences"/>). "shakespeare" is looked for in <see cref="DataOptions.Root"/>
    /// (ENGINE_DATA): in its sub-folders shakespeare and tinyshakespeare, then in that folder itself, then in
    /// <see cref="DataOptions.CacheFolder"/>; if it is nowhere it is downloaded into the cache, and length and SHA-256 are checked. Any
    /// other word is the path of a file in UTF-8.
    /// </remarks>
    /// <param name="nameOrPath">A name of <see cref="Names"/>, or a text file.</param>
    /// <param name="options">Count of characters, seed, and where to look; null takes the defaults.</param>
    /// <exception cref="DataException">The text is not known, not found, or no text; the message says where it was looked for and what was
    /// found.</exception>
    public static TextDataset Load(string nameOrPath, DataOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrPath);
        options ??= new DataOptions();
        if (options.Count is < 1) throw new DataException(
            $"{nameOrPath}: expected a count of at least 1 character, found {options.Count}.");
        if (nameOrPath == SentencesName) return new TextDataset(
            SentencesName, Sentences.Make(options.Count ?? Sentences.Length, options.Seed));
        string path = nameOrPath == ShakespeareName ? Find(options) : nameOrPath;
        if (!File.Exists(path))
        {
            string found = Directory.Exists(path) ? "a folder" : "no such file";
            throw new DataException(
                $"There is no text '{nameOrPath}': known are {string.Join(", ", Names)}, or the path of a text file; "
                + $"{Path.GetFullPath(path)} is {found}.");
        }

        string text = Read(path);
        if (options.Count is { } count && count < text.Length) text = text[..count];
        return new TextDataset(nameOrPath == ShakespeareName ? ShakespeareName : Path.GetFileName(path), text);
    }

    private static string Find(DataOptions options)
    {
        List<string> searched = [];
        if (!string.IsNullOrWhiteSpace(options.Root)) searched.AddRange(
            [Path.Combine(options.Root, ShakespeareName), Path.Combine(options.Root, "tinyshakespeare"), options.Root]);
        string cache = Path.Combine(options.CacheFolder, ShakespeareName);
        foreach (string folder in searched)
            if (s_shakespeare.In(folder) is { } there) return there;
        searched.Add(cache);

        // A cached file of the wrong length was damaged after its download: fetch it again.
        if (s_shakespeare.In(cache) is { } kept && new FileInfo(kept).Length == s_shakespeare.Bytes) return kept;
        if (options.Download) return new Downloader(options.Mirrors ?? s_mirrors, options).Fetch(s_shakespeare, cache);
        throw new DataException(
            $"{ShakespeareName} was not found and downloading is switched off. Looked for {string.Join(" or ", s_shakespeare.Names)} in "
            + $"{string.Join(", ", searched)}.");
    }

    private static string Read(string path)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            ReadOnlySpan<byte> content = bytes;
            if (content.StartsWith("\uFEFF"u8)) content = content[3..];
            int place = content.IndexOf((byte)0);
            if (place >= 0) throw new DataException($"{path}: expected text in UTF-8, found a byte of 0 at place {place}.");
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{path}: expected text in UTF-8, found bytes that are none at place {e.Index}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
