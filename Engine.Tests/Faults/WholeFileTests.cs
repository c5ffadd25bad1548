using Engine.Autograd.Files;

namespace Engine.Tests.Faults;

/// <summary>Files under contention: several writers and readers of one path, symbolic links, leftovers.</summary>
public sealed class WholeFileTests : IsolatedTests
{
    private static readonly string s_leftover = $".engine-{new string('a', 32)}.tmp";

    private string Weights => Folder["model.safetensors"];

    [Fact]
    public void Threads_that_save_one_path_all_succeed_and_readers_find_a_whole_file()
    {
        const int Writers = 3;
        int saves = FaultCounts.Of(30, 2000), reads = 0;
        using CancellationTokenSource done = new();
        Save(0);
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => Started(() =>
        {
            while (!done.IsCancellationRequested)
            {
                using SafetensorsFile file = SafetensorsFile.Open(Weights);
                float[] first = file.Read<float>("first"), second = file.Read<float>("second");
                Assert.All(first.Concat(second), x => Assert.Equal(first[0], x));
                Interlocked.Increment(ref reads);
            }
        }))];
        Thread[] writers = [.. Enumerable.Range(1, Writers).Select(writer => Started(() =>
        {
            for (int i = 0; i < saves; i++) Save(writer);
        }))];
        foreach (Thread writer in writers) writer.Join();
        done.Cancel();
        foreach (Thread reader in readers) reader.Join();
        Assert.Null(_failure);
        Assert.True(reads > 0);
        Assert.Equal([Weights], Directory.GetFiles(Folder.Path));
        FaultCounts.Report($"{Writers} threads saved one path {Writers * saves} times, 0 failed; it was read {reads} times, always whole");
    }

    [SkippableFact]
    public void A_symbolic_link_is_replaced_and_what_it_points_to_is_left_alone()
    {
        Skip.If(OperatingSystem.IsWindows(), "Symbolic links need rights of their own there.");
        string target = Folder.Put("target", [1, 2, 3]);
        File.CreateSymbolicLink(Weights, target);
        Save(1);
        File.CreateSymbolicLink(Folder["picture.png"], target);
        new Picture(1, 1, 1).Save(Folder["picture.png"]);
        File.CreateSymbolicLink(Folder["dangling"], Folder["nothing"]);
        WholeFile.Write(Folder["dangling"], [4]);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(target));
        Assert.False(File.Exists(Folder["nothing"]));
        Assert.All(new DirectoryInfo(Folder.Path).GetFiles(), file => Assert.Null(file.LinkTarget));
    }

    [Fact]
    public void A_failure_deletes_what_this_writer_made_and_nothing_else()
    {
        Save(1);
        using WholeFile other = new(Weights);
        byte[] before = File.ReadAllBytes(Weights);
        string[] files = Directory.GetFiles(Folder.Path);
        RefusedWith<IOException>($"{Weights} cannot be written: no more", () => WholeFile.Write(Weights, output =>
        {
            output.Write(new byte[100_000]);
            throw new IOException("no more");
        }));
        Assert.Throws<FormatException>(() => WholeFile.Write(Weights, _ => throw new FormatException()));
        Assert.Equal(files.Order(), Directory.GetFiles(Folder.Path).Order());
        Assert.Equal(before, File.ReadAllBytes(Weights));
        other.Stream.Write([7]);
        other.Commit();
        Assert.Equal([7], File.ReadAllBytes(Weights));
    }

    [Fact]
    public void A_file_that_is_to_be_kept_has_its_other_name_when_the_new_one_is_there()
    {
        WholeFile.Write(Weights, [1]);
        WholeFile.Write(Weights, output => output.Write([2]), keep: "before");
        WholeFile.Write(Weights, output => output.Write([3]), keep: "before");
        Assert.Equal([3], File.ReadAllBytes(Weights));
        Assert.Equal([2], File.ReadAllBytes(Folder["before"]));
        WholeFile.Write(Folder["new"], output => output.Write([4]), keep: "none");
        Assert.False(File.Exists(Folder["none"]));
    }

    [Fact]
    public void Leftovers_are_cleared_and_files_that_are_being_written_are_not()
    {
        string leftover = Folder.Put(s_leftover, [1]), mine = Folder.Put(".engine-mine.tmp", [1]);
        using (WholeFile live = new(Weights))
        {
            WholeFile.ClearLeftovers(Folder.Path, TimeSpan.FromHours(1));
            Assert.True(File.Exists(leftover));
            WholeFile.ClearLeftovers(Folder.Path, TimeSpan.Zero);
            Assert.False(File.Exists(leftover));
            live.Stream.Write([5]);
            live.Commit();
        }

        Assert.Equal([5], File.ReadAllBytes(Weights));
        Assert.True(File.Exists(mine));
    }

    private Exception? _failure;

    private Thread Started(Action action)
    {
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                _failure = e;
            }
        });
        thread.Start();
        return thread;
    }

    private void Save(int writer)
    {
        float[] values = [.. Enumerable.Repeat((float)writer, 2000)];
        new SafetensorsWriter().Add<float>("first", values).Add<float>("second", values).Save(Weights);
    }
}
