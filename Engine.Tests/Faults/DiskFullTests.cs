using System.Text.RegularExpressions;

namespace Engine.Tests.Faults;

/// <summary>
/// Runs on a disk that is full at one place after another: a file system in memory of so many bytes, or of so many files, which Linux lets
/// every user mount in a namespace of its own.
/// </summary>
public sealed partial class DiskFullTests : IsolatedTests
{
    private const string Program = "regression", Checkpoint = "checkpoint.safetensors";

    private static readonly string[] s_run = ["--device", "cpu:1", "--pictures", "2", "--weights"];

    private string Whole => Folder["whole"];

    private string Disk => Folder["disk"];

    private string Left => Folder["left"];

    [SkippableFact]
    public void A_full_disk_is_told_and_leaves_what_a_run_resumes_from()
    {
        PrepareDisk();
        Train(Whole, s_run);

        // An earlier training of half the epochs, to resume or to start over beside.
        string earlier = Folder["earlier"];
        Train(earlier, "--device", "cpu:1", "--epochs", $"{TrainedPrograms.Epochs / 2}");
        long checkpoint = Kibibytes(new FileInfo(Path.Combine(Whole, Checkpoint)));
        long used = new DirectoryInfo(earlier).GetFiles().Sum(Kibibytes);
        List<Place> places = [
            new($"size={checkpoint * 3 / 2}k"), new("nr_inodes=5"), new($"size={checkpoint / 2}k"), new($"size={checkpoint + 8}k"),
            new($"size={used + 8}k", earlier, "--resume", "--checkpoint-minutes", "0"),
            new($"size={used + (checkpoint / 2)}k", earlier, "--resume"), new($"size={used + (checkpoint / 2)}k", earlier)];

        // The folder itself is one; the last one is that of a temporary file beside all that a run leaves.
        int most = 1 + Directory.GetFiles(Whole).Length + 1;
        for (int i = 1; i <= most; i++)
            if (i != 5) places.Add(new($"nr_inodes={i}"));

        List<string> met = [];
        foreach (Place place in places.Take(FaultCounts.Of(2, 18)))
        {
            (int code, string output, string error) = OnDisk(place);
            Match sentence = Sentence().Match(error);
            Assert.True(code == 1 && sentence.Success, $"{place}: exit code {code}\n{output}\n{error}");
            string path = sentence.Groups["path"].Value, name = Path.GetFileName(path);
            Assert.True(path == Disk || (Path.GetDirectoryName(path) == Disk && name[0] != '.'), error);
            met.Add(path == Disk ? "--out" : name);

            Assert.DoesNotContain(Directory.GetFiles(Left), file => Path.GetFileName(file)[0] == '.');
            RunFolder.CheckWhole(Left, Whole);
            if (place.Before is { } before) Assert.Empty(Names(before).Except(Names(Left)));
            Train(Left, [.. s_run, .. File.Exists(Path.Combine(Left, Checkpoint)) ? (string[])["--resume"] : []]);
            CheckEnd(Left);
        }

        FaultCounts.Report($"a full disk at {met.Count} places: {string.Join(", ", met)}");
    }

    [SkippableFact]
    public void A_standard_output_on_a_full_disk_keeps_no_run_from_its_end()
    {
        PrepareDisk();
        if (FaultCounts.Of(0, 1) == 1) Train(Whole, s_run);
        int places = FaultCounts.Of(1, 2);
        for (int i = 0; i < places; i++)
        {
            // At its first byte, and in the middle of a line.
            string script = $"head -c {4096 - (150 * i)} /dev/zero > \"{Disk}/log\" && \"$@\" >> \"{Disk}/log\"";
            (int code, string output, string error) = Mounted("size=4k", script, ["--out", Left, .. s_run]);
            Assert.True(code == 1, $"exit code {code}\n{output}\n{error}");
            Assert.Matches(
                @"^regression: The standard output cannot be written: No space left .*\. The run goes on without it\.\n$", error);
            RunFolder.CheckWhole(Left, Left);
            if (Directory.Exists(Whole)) CheckEnd(Left);
            Directory.Delete(Left, recursive: true);
        }

        FaultCounts.Report($"a standard output on a full disk: {places} runs that went on to their end");
    }

    private void PrepareDisk()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Disks of a few bytes are made as Linux does it.");
        Directory.CreateDirectory(Disk);
        using ChildProgram probe = ChildProgram.Scripted($"{Mount("size=4k", "true")} || exit 77", "", []);
        Skip.If(probe.Result().Code == 77, "No file system can be mounted here: it needs unshare, and that users may have namespaces.");
    }

    private (int Code, string Output, string Error) OnDisk(Place place)
    {
        if (Directory.Exists(Left)) Directory.Delete(Left, recursive: true);
        Directory.CreateDirectory(Left);
        string before = place.Before is null ? "true" : $"cp -a \"{place.Before}/.\" \"{Disk}\"";
        string script = $"{before} && \"$@\"; code=$?; cp -a \"{Disk}/.\" \"{Left}\"; exit $code";
        return Mounted(place.Limit, script, ["--out", Disk, .. s_run, .. place.Options]);
    }

    private (int Code, string Output, string Error) Mounted(string limit, string script, string[] args)
    {
        using ChildProgram child = ChildProgram.Scripted(Mount(limit, script), Program, args);
        return child.Result();
    }

    // The mount ends with the processes of its namespace.
    private string Mount(string limit, string script) =>
        $"exec unshare -rm sh -c 'mount -t tmpfs -o {limit} tmpfs \"{Disk}\" || exit 77; {script}' sh \"$@\"";

    private static void Train(string folder, params string[] args)
    {
        using ChildProgram child = new(Program, ["--out", folder, .. args]);
        child.Result().Success();
    }

    private void CheckEnd(string folder)
    {
        Assert.Equal(CheckpointContent.Of(Whole), CheckpointContent.Of(folder));
        Assert.Equal(RunFolder.Pictures(Whole), RunFolder.Pictures(folder));
        Assert.Equal(Weights(Whole), Weights(folder));

        static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, TrainingRun.WeightsName));
    }

    private static IEnumerable<string> Names(string folder) => Directory.GetFiles(folder).Select(path => Path.GetFileName(path));

    // As a file system of pages counts it.
    private static long Kibibytes(FileInfo file) => (file.Length + 4095) / 4096 * 4;

    [GeneratedRegex(@"^regression: (?:--out: the folder '(?<path>.*)'|(?<path>.*)) cannot be written: the disk is full\.\n$")]
    private static partial Regex Sentence();

    /// <summary>A disk to run on.</summary>
    /// <param name="Limit">What it holds, as <c>mount</c> is told.</param>
    /// <param name="Before">The folder whose content is there at first; null where it is empty.</param>
    /// <param name="Options">Options of the run.</param>
    private sealed record Place(string Limit, string? Before = null, params string[] Options);
}
