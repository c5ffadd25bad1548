using Engine.Models.Data.Pictures;

namespace Engine.Models.Data;

/// <summary>What part of a data set to load, and where to look for it; see <see cref="Datasets.Load"/>.</summary>
public sealed record DataOptions
{
    /// <summary>"train" or "test"; binarized-mnist has "valid" too.</summary>
    public string Split { get; init; } = "train";

    /// <summary>Load the first so many images; null loads all (digits and shapes: 60,000 for train, 10,000 for test).</summary>
    public int? Count { get; init; }

    /// <summary>The seed of digits and shapes; other sets do not use it.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Rows and columns of the images; null for those that they have: 28 of the MNIST family, 32 of shapes and CIFAR, and of a folder of
    /// pictures 32.
    /// </summary>
    public int? Size { get; init; }

    /// <summary>Bytes of a pixel, 1 grey or 3 RGB; null for those that the set has, and for pictures 3.</summary>
    public int? Channels { get; init; }

    /// <summary>How pictures that are not square become so.</summary>
    public PictureFit Fit { get; init; }

    /// <summary>Whether a folder with a damaged picture is refused; otherwise such pictures are left out, and named.</summary>
    public bool Strict { get; init; }

    /// <summary>Receives sentences on what was loaded: pictures that were left out, and the names of classes.</summary>
    public IProgress<string>? Notices { get; init; }

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
