using System.Security.Cryptography;

namespace Engine.Tests.Data;

[Collection("thread pool")]
public sealed class DownloadTests : IsolatedTests
{
    private static readonly byte[] s_content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i >> 3))];

    // No proxy that this machine may be told to use must come between a test and its server.
    private readonly SocketsHttpHandler _direct = new() { UseProxy = false };

    public override void Dispose()
    {
        _direct.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_file_arrives_whole_and_reports_its_progress()
    {
        var heard = new Reports();
        using var server = new LoopbackServer(_ => new(200, s_content));
        string path = Fetch(heard, server.Address("a/"));

        Assert.Equal(s_content, File.ReadAllBytes(path));
        Assert.Equal([Folder["file.gz"]], Directory.GetFiles(Folder.Path));
        Assert.Equal(["/a/file.gz"], server.Requests);
        Assert.Equal(new DownloadProgress("file.gz", new Uri(server.Address("a/"), "file.gz"), s_content.Length, s_content.Length),
            heard.All[^1]);
    }

    [Fact]
    public void A_length_that_nobody_announces_is_accepted()
    {
        using var server = new LoopbackServer(_ => new(200, s_content, Announced: -1));
        Assert.Equal(s_content, File.ReadAllBytes(Fetch(null, server.Address("a"))));
    }

    [Fact]
    public void A_mirror_that_does_not_have_the_file_is_followed_by_the_next()
    {
        using var server = new LoopbackServer(
            path => path.StartsWith("/a/", StringComparison.Ordinal) ? new(404, []) : new(200, s_content));
        Assert.Equal(s_content, File.ReadAllBytes(Fetch(null, server.Address("a"), server.Address("b"))));
        Assert.Equal(["/a/file.gz", "/b/file.gz"], server.Requests);
    }

    [Fact]
    public void Failures_of_all_mirrors_are_told_with_what_to_do_by_hand()
    {
        byte[] other = [.. s_content];
        other[1000] ^= 1;
        using var server = new LoopbackServer(path => path[1] switch
        {
            'a' => new(404, []),
            'b' => new(200, s_content, Sent: 100_000),
            'c' => new(200, other),
            'd' => new(200, s_content[..5000]),
            _ => new(200, s_content, Announced: -1, Sent: 5000),
        });
        var closed = new Uri("http://127.0.0.1:1/");
        string message = Assert.Throws<DataException>(() =>
            Fetch(null, [closed, .. "abcde".Select(c => server.Address($"{c}"))])).Message;

        string[] lines = message.Split(Environment.NewLine);
        Assert.Equal("file.gz could not be downloaded. Tried:", lines[0]);
        Assert.StartsWith("  http://127.0.0.1:1/file.gz: ", lines[1]);
        Assert.EndsWith("/a/file.gz: answered 404 NotFound", lines[2]);
        Assert.Contains("/b/file.gz: the connection broke after 100000 bytes of 300000", lines[3]);
        Assert.EndsWith($"/c/file.gz: expected SHA-256 {Sha(s_content)}, found {Sha(other)}", lines[4]);
        Assert.EndsWith("/d/file.gz: expected 300000 bytes, found a file of 5000", lines[5]);
        Assert.EndsWith("/e/file.gz: expected 300000 bytes, found the end after 5000", lines[6]);
        Assert.Equal($"You can put the file into {Folder.Path} by hand, as file.gz or file.", lines[7]);
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Theory]
    [InlineData("file:///etc/hostname")]
    [InlineData("ftp://127.0.0.1/file.gz")]
    [InlineData("http://")]
    [InlineData("http://[::1")]
    public void A_mirror_that_redirects_to_what_is_no_mirror_is_followed_by_the_next(string location)
    {
        using var server = new LoopbackServer(
            path => path.StartsWith("/a/", StringComparison.Ordinal) ? new(302, [], Location: location) : new(200, s_content));
        Assert.Equal(s_content, File.ReadAllBytes(Fetch(null, server.Address("a"), server.Address("b"))));
        string message = Assert.Throws<DataException>(() => Fetch(null, server.Address("a"))).Message;
        Assert.Contains("/a/file.gz: ", message);
    }

    [Fact]
    public void A_mirror_that_is_no_address_of_the_web_is_followed_by_the_next()
    {
        using var server = new LoopbackServer(_ => new(200, s_content));
        Assert.Equal(s_content, File.ReadAllBytes(Fetch(null, new Uri("file:///tmp"), server.Address("b"))));
    }

    [Theory, Values(false, true)]
    public void A_file_of_unknown_length_has_a_most(bool isAnnounced)
    {
        using var server = new LoopbackServer(_ => new(200, s_content, isAnnounced ? null : -1));
        var downloader = new Downloader([server.Address("a")], new DataOptions { Handler = _direct }) { MostBytes = 200_000 };
        Refused<DataException>("expected at most 200000 bytes, found " + (isAnnounced ? "a file of 300000" : "more"),
            () => downloader.Fetch(new DataFile("file.gz", [], null, null), Folder.Path));
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void Several_downloads_of_one_file_at_once_all_end_well()
    {
        using var server = new LoopbackServer(_ => new(200, s_content));
        Parallel.For(0, 4, _ => Assert.Equal(s_content, File.ReadAllBytes(Fetch(null, server.Address("a")))));
        Assert.Equal([Folder["file.gz"]], Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void A_mirror_that_falls_silent_is_given_up()
    {
        using var server = new LoopbackServer(_ => new(200, s_content, Sent: 7000, FallsSilent: true));
        var options = new DataOptions { Handler = _direct, Patience = TimeSpan.FromSeconds(3) };
        Refused<DataException>("/a/file.gz: sent nothing for 3 s (7000 bytes had arrived)",
            () => new Downloader([server.Address("a")], options).Fetch(Published(), Folder.Path));
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new LoopbackServer(_ =>
        {
            cancel.CancelAfter(100);
            return new(200, s_content, Sent: 7000, FallsSilent: true);
        });
        var options = new DataOptions { Handler = _direct, Cancellation = cancel.Token };
        Assert.ThrowsAny<OperationCanceledException>(() => new Downloader([server.Address("a")], options).Fetch(Published(), Folder.Path));
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_named()
    {
        string file = Folder.Put("occupied", [1]);
        using var server = new LoopbackServer(_ => new(200, s_content));
        RefusedWith<DataException>($"file.gz cannot be kept in {file}: ",
            () => new Downloader([server.Address("a")], new DataOptions { Handler = _direct }).Fetch(Published(), file));
    }

    [Fact]
    public void A_data_set_that_is_nowhere_is_downloaded_once_and_then_found_in_the_cache()
    {
        // Fashion-MNIST has an MD5 for its images: content of another kind is refused, which shows that the checks of a set are those of
        // its files.
        using var server = new LoopbackServer(_ => new(200, TestFolder.Gzip(TestFolder.Idx(TestFolder.Pixels(3), 3, 28, 28))));
        var options = new DataOptions { Handler = _direct, Root = null, CacheFolder = Folder.Path, Mirrors = [server.Address("x")] };
        string message = Assert.Throws<DataException>(() => Datasets.Load("fashion-mnist", options)).Message;
        Assert.Contains("/x/train-images-idx3-ubyte.gz: expected MD5 8d4fb7e6c68d591d4c3dfef9ec88bf0d, found ", message);
        Assert.Contains($"You can put the file into {Folder["fashion-mnist"]} by hand", message);

        Folder.Put("fashion-mnist/train-images-idx3-ubyte", TestFolder.Idx(TestFolder.Pixels(3), 3, 28, 28));
        Folder.Put("fashion-mnist/train-labels-idx1-ubyte", TestFolder.Idx([1, 2, 3], 3));
        int before = server.Requests.Count;
        Assert.Equal(3, Datasets.Load("fashion-mnist", options).Count);
        Assert.Equal(before, server.Requests.Count);
    }

    [SkippableFact]
    public void Mnist_is_downloaded_checked_and_kept()
    {
        string? root = Environment.GetEnvironmentVariable("ENGINE_DATA");
        string published = Path.Combine(root ?? "", "mnist");
        Skip.IfNot(File.Exists(Path.Combine(published, "t10k-images-idx3-ubyte.gz")),
            "ENGINE_DATA names no folder with mnist/t10k-images-idx3-ubyte.gz.");

        using var server = new LoopbackServer(path => new(200, File.ReadAllBytes(Path.Combine(published, Path.GetFileName(path)))));
        var options = new DataOptions {
            Handler = _direct, Root = null, CacheFolder = Folder.Path, Split = "test", Mirrors = [server.Address("x")] };
        Assert.Equal(10000, Datasets.Load("mnist", options).Count);
        Assert.Equal(["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
            Directory.GetFiles(Folder["mnist"]).Select(Path.GetFileName).Where(name => name![0] != '.').Order());
        Assert.Equal(10000, Datasets.Load("mnist", options with { Download = false }).Count);

        // A file in the cache that lost its end is fetched again.
        using (FileStream cached = File.OpenWrite(Folder["mnist/t10k-labels-idx1-ubyte.gz"])) cached.SetLength(1000);
        Assert.Equal(10000, Datasets.Load("mnist", options).Count);
        Assert.Equal(3, server.Requests.Count);
    }

    private static string Sha(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static DataFile Published() => new("file.gz", ["file"], s_content.Length, Sha(s_content));

    private string Fetch(IProgress<DownloadProgress>? progress, params Uri[] mirrors)
    {
        var options = new DataOptions { Handler = _direct, Progress = progress };
        return new Downloader(mirrors, options).Fetch(Published(), Folder.Path);
    }

    private sealed class Reports : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public void Report(DownloadProgress value) => All.Add(value);
    }
}
