namespace Engine.Tests.Faults;

/// <summary>The folder of a training run: one run at a time, and nothing left of those that were killed.</summary>
[Collection("console")]
public sealed class OutputFolderTests : IsolatedTests
{
    private string Out => Folder["out"];

    private string LockFile => Path.Combine(Out, FolderLock.FileName);

    [Fact]
    public void A_second_run_is_refused_with_the_process_that_has_the_folder_and_the_first_goes_on()
    {
        (int Code, string Output, string Error)? second = null;
        Run(() => second ??= Run(() => Assert.Fail("must not train"))).Success();
        string error = second!.Value.Failure();
        Assert.StartsWith($"regression: --out: the folder '{Out}' cannot be written: process {Environment.ProcessId} on ", error);
        Assert.EndsWith("writes to it; name another folder, or wait until that run has ended.", error.Trim());
        Assert.True(File.Exists(Path.Combine(Out, "checkpoint.safetensors")));
        Assert.False(File.Exists(LockFile));
        Run(() => { }).Success();
    }

    [Fact]
    public void The_lock_of_a_process_that_has_ended_is_taken_and_leftovers_are_cleared()
    {
        Directory.CreateDirectory(Out);
        string guid = Guid.NewGuid().ToString("N");
        string[] leftovers =
        [
            FolderLock.FileName, $".engine-{guid}.tmp", $".report.html.{guid}.tmp", ".probe-4711", "checkpoint.safetensors.partial",
            "checkpoint.safetensors.next", "checkpoint.safetensors.next.partial", "weights.safetensors.partial",
        ];
        string[] mine = ["notes.partial", ".notes.tmp", ".probe-x", "checkpoint-mine.safetensors", "x.next", "a.part"];
        foreach (string name in leftovers.Concat(mine)) File.WriteAllText(Path.Combine(Out, name), "1 there");
        Run(() => { }).Success();
        Assert.All(leftovers, name => Assert.False(File.Exists(Path.Combine(Out, name)), name));
        Assert.All(mine, name => Assert.True(File.Exists(Path.Combine(Out, name)), name));
    }

    [SkippableFact]
    public void A_lock_file_that_is_a_link_is_refused_and_not_followed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Symbolic links need rights of their own there.");
        Directory.CreateDirectory(Out);
        string target = Folder.Put("target", [1, 2]);
        File.CreateSymbolicLink(LockFile, target);
        Assert.Contains($"{LockFile} is a symbolic link to {target}", Run(() => { }).Failure());
        Assert.Equal([1, 2], File.ReadAllBytes(target));
    }

    [Fact]
    public void Many_takers_of_one_lock_have_it_one_after_the_other()
    {
        int turns = FaultCounts.Of(200, 5000), holders = 0, most = 0, taken = 0;
        Parallel.For(0, 4, _ =>
        {
            for (int turn = 0; turn < turns; turn++)
            {
                try
                {
                    using FolderLock taker = FolderLock.Take(Folder.Path);
                    most = Math.Max(most, Interlocked.Increment(ref holders));
                    Interlocked.Increment(ref taken);
                    Interlocked.Decrement(ref holders);
                }
                catch (IOException e)
                {
                    Assert.Contains("writes to it", e.Message);
                }
            }
        });
        Assert.Equal((1, 0), (most, holders));
        Assert.True(taken > 0);
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [SkippableFact]
    public void Of_two_runs_that_start_together_in_one_folder_one_ends_as_alone_and_the_other_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "There nobody can read who has the lock.");
        string[] args = ["--epochs", "150", "--device", "cpu:1", "--out"];
        using (ChildProgram alone = new("regression", [.. args, Folder["alone"]])) alone.Result().Success();
        string[] expected = CheckpointContent.Of(Folder["alone"]);
        int pairs = FaultCounts.Of(2, 40), refused = 0;
        for (int pair = 0; pair < pairs; pair++)
        {
            string folder = Folder[$"pair-{pair}"];
            using ChildProgram first = new("regression", [.. args, folder]), second = new("regression", [.. args, folder]);
            int before = refused;
            Check(first, second.Id);
            Check(second, first.Id);
            Assert.InRange(refused - before, 0, 1);
            Assert.Equal(expected, CheckpointContent.Of(folder));
            Assert.DoesNotContain(Directory.GetFiles(folder), file => Path.GetFileName(file)[0] == '.');
        }

        void Check(ChildProgram run, int other)
        {
            (int code, _, string error) = run.Result();
            if (code == 0) return;
            refused++;
            Assert.Matches($@"^regression: --out: the folder '.*' cannot be written: process {other} on \S+ writes to it; ", error);
            Assert.DoesNotContain("\n", error.Trim());
        }

        FaultCounts.Report($"{pairs} pairs of runs in one folder: {refused} runs refused with the other's process, all others right");
    }

    private (int Code, string Output, string Error) Run(Action stepped) => CapturedConsole.Of(
        () => TrainedPrograms.Run("regression", ["--out", Out, "--epochs", "1", "--device", "cpu:1"], stepped));
}
