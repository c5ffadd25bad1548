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

    /// <summary>As many characters as a text can have.</summary>
    private const int MostCharacters = 0x3FFFFFDF;

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [SentencesName, ShakespeareName];

    /// <summary>Where the published text is downloaded from, for <c>--help</c>.</summary>
    internal static string Sources { get; } = $"{ShakespeareName} from {s_mirrors[0].Host}";

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
        foreach (string folder in searched)
            if (s_shakespeare.In(folder) is { } there) return there;
        DataCache cache = new(options, ShakespeareName);
        searched.Add(cache.Folder);
        if (cache.Find(s_shakespeare) is { } kept) return kept;
        if (options.Download) return cache.Fetch(s_shakespeare, options.Mirrors ?? s_mirrors);
        throw new DataException(
            $"{ShakespeareName} was not found and downloading is switched off. {(cache.Damage is null ? "" : cache.Damage + " ")}Looked "
            + "for "
            + $"{string.Join(" or ", s_shakespeare.Names)} in {string.Join(", ", searched)}.");
    }

    /// <summary>The text of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes that it may have; null for a part of this machine's memory.</param>
    internal static string Read(string path, long? most = null)
    {
        // The bytes, the text and the tokens, of 1, 2 and 4 bytes for each character, and as much again for what is computed from them.
        long longest = most ?? Math.Min(MostCharacters, DataFileReader.MostBytes(times: 14));
        int seen = 0;
        byte[] bytes = DataFileReader.Read(path, (soFar, length) =>
        {
            int place = soFar[Math.Min(seen, soFar.Length)..].IndexOf((byte)0);
            if (place >= 0) throw new DataException($"{path}: expected text in UTF-8, found a byte of 0 at place {seen + place}.");
            seen = Math.Max(seen, soFar.Length);
            if (length > longest || soFar.Length > longest) throw new DataException(
                $"{path}: expected a text of at most {longest} bytes, which is what fits into the memory, found "
                + $"{DataFileReader.Found(length)}.");
            return longest;
        });
        try
        {
            ReadOnlySpan<byte> content = bytes;
            if (content.StartsWith("\uFEFF"u8)) content = content[3..];
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{path}: expected text in UTF-8, found bytes that are none at place {e.Index}.", e);
        }
    }
}
