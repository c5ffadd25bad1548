namespace Engine.Models.Data;

/// <summary>What part of a data set to load, and where to look for it; see <see cref="Datasets.Load"/>.</summary>
public sealed record DataOptions
{
    /// <summary>"train" or "test"; binarized-mnist has "valid" too.</summary>
    public string Split { get; init; } = "train";

    /// <summary>Load the first so many images; null loads all (digits: 60,000 for train, 10,000 for test).</summary>
    public int? Count { get; init; }

    /// <summary>The seed of digits; other sets do not use it.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// A folder that holds data sets, each in a sub-folder named after it, or the files of one set directly. The environment variable
    /// ENGINE_DATA unless set.
    /// </summary>
    public string? Root { get; init; } = Environment.GetEnvironmentVariable("ENGINE_DATA");

    /// <summary>
    /// Downloads are kept in a sub-folder of this named after the set. engine/data in the user's local application data unless set.
    /// </summary>
    public string CacheFolder { get; init; } = DefaultCacheFolder();

    /// <summary>Whether a set that is nowhere on this machine may be downloaded.</summary>
    public bool Download { get; init; } = true;

    /// <summary>Addresses of folders to download from, in this order, in place of the public mirrors of the set.</summary>
    public IReadOnlyList<Uri>? Mirrors { get; init; }

    /// <summary>Receives the progress of a download, a few times a second.</summary>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>Sends the requests (proxies, tests); null takes the default. It is not disposed of.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>How long a mirror may stay silent before the next one is tried; 30 seconds unless set.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Ends a download early; <see cref="OperationCanceledException"/> then leaves <see cref="Datasets.Load"/>, and nothing half-written
    /// stays.
    /// </summary>
    public CancellationToken Cancellation { get; init; }

    private static string DefaultCacheFolder()
    {
        string local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);

        // Without a home each user has a folder of their own beside those of others.
        return local.Length > 0 ? Path.Combine(local, "engine", "data")
            : Path.Combine(Path.GetTempPath(), $"engine-{Environment.UserName}", "data");
    }
}
