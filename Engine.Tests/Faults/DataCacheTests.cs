using System.Runtime.Versioning;
using System.Security.Cryptography;
using Engine.Tests.Data;

namespace Engine.Tests.Faults;

/// <summary>The cache of downloads: checked once, the user's own, cleared of leftovers.</summary>
[Collection("thread pool")]
public sealed class DataCacheTests : IsolatedTests
{
    private static readonly byte[] s_content = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * i >> 3))];
    private static readonly DataFile s_file =
        new("file.gz", ["file"], s_content.Length, Convert.ToHexStringLower(SHA256.HashData(s_content)));

    private readonly SocketsHttpHandler _direct = new() { UseProxy = false };

    private string Cached => Folder["cache/set/file.gz"];

    public override void Dispose()
    {
        _direct.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_file_is_compared_with_its_checksum_once_and_then_by_length_and_time()
    {
        byte[] damaged = [.. s_content];
        damaged[77] ^= 1;
        Folder.Put("cache/set/file.gz", damaged);
        DataCache cache = Cache();
        Assert.Null(cache.Find(s_file));
        Assert.Contains($"{Cached} is damaged: expected SHA-256 {s_file.Sha256}, found ", cache.Damage);

        Folder.Put("cache/set/file.gz", s_content);
        DateTime time = File.GetLastWriteTimeUtc(Cached);
        Assert.Equal(Cached, Cache().Find(s_file));

        // Of the same length and time, it is not read again; with another time it is.
        File.WriteAllBytes(Cached, damaged);
        File.SetLastWriteTimeUtc(Cached, time);
        Assert.Equal(Cached, Cache().Find(s_file));
        File.SetLastWriteTimeUtc(Cached, time.AddSeconds(1));
        Assert.Null(Cache().Find(s_file));
        File.WriteAllBytes(Cached, s_content[1..]);
        Assert.Null(Cache().Find(s_file));
    }

    [SkippableFact, UnsupportedOSPlatform("windows")]
    public void A_download_is_kept_in_a_folder_of_the_users_own_and_leftovers_are_cleared()
    {
        Skip.If(OperatingSystem.IsWindows(), "Rights are of Unix.");
        using LoopbackServer server = new(_ => new(200, s_content));
        DataCache cache = Cache();
        Assert.Equal(Cached, cache.Fetch(s_file, [server.Address("a")]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(Cached)!));
        string[] leftovers = [$".engine-{new string('1', 32)}.tmp", $".file.gz.{new string('2', 32)}.part"], mine = [".mine.part", "x.tmp"];
        foreach (string name in leftovers.Concat(mine))
            File.SetLastWriteTimeUtc(Folder.Put($"cache/set/{name}", [1]), DateTime.UtcNow.AddDays(-2));
        string live = Folder.Put($"cache/set/.file.gz.{new string('3', 32)}.part", [1]);
        File.Delete(Cached);
        cache.Fetch(s_file, [server.Address("a")]);
        Assert.All(leftovers, name => Assert.False(File.Exists(Folder[$"cache/set/{name}"]), name));
        Assert.All(mine, name => Assert.True(File.Exists(Folder[$"cache/set/{name}"]), name));
        Assert.True(File.Exists(live));
        Assert.Equal(Cached, Cache().Find(s_file));
    }

    [SkippableFact, UnsupportedOSPlatform("windows")]
    public void A_cache_that_others_can_write_to_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Rights are of Unix.");
        const UnixFileMode Open = (UnixFileMode)0b111_101_101, All = (UnixFileMode)0b111_111_111, Group = (UnixFileMode)0b111_111_101;
        File.SetUnixFileMode(Folder.Path, Open);
        Folder.Put("cache/set/file.gz", s_content);
        foreach (string name in (string[])["cache", "cache/set"])
        {
            File.SetUnixFileMode(Folder["cache"], Open);
            File.SetUnixFileMode(Folder["cache/set"], Open);
            Assert.Equal(Cached, Cache().Find(s_file));
            File.SetUnixFileMode(Folder[name], All);
            Refused($"others can write to {Folder[name]}.");

            // The test's folder lies in /tmp, where a group is somebody else.
            File.SetUnixFileMode(Folder[name], Group);
            Refused($"a group can write to {Folder[name]}.");
        }

        // As in /tmp itself: others may make folders, but not replace this one.
        File.SetUnixFileMode(Folder["cache"], All | UnixFileMode.StickyBit);
        File.SetUnixFileMode(Folder["cache/set"], Open);
        Assert.Equal(Cached, Cache().Find(s_file));
        Directory.Move(Folder["cache/set"], Folder["real"]);
        Directory.CreateSymbolicLink(Folder["cache/set"], Folder["real"]);
        Refused($"{Folder["cache/set"]} is a link in a folder that others can write to.");

        // Nobody else gets into a closed folder, whatever lies in it.
        File.SetUnixFileMode(Folder["cache"], All);
        File.SetUnixFileMode(Folder.Path, (UnixFileMode)0b111_000_000);
        Assert.Equal(Cached, Cache().Find(s_file));

        void Refused(string why) =>
            RefusedWith<DataException>($"The cache {Folder["cache/set"]} is not used: {why}", () => Cache().Find(s_file));
    }

    private DataCache Cache() => new(new DataOptions { CacheFolder = Folder["cache"], Handler = _direct }, "set");
}
