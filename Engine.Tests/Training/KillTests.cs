using System.Text.RegularExpressions;
using Engine.Tests.Faults;

namespace Engine.Tests.Training;

/// <summary>Trainings that are killed and interrupted from outside, each in a process of its own: other tests may run meanwhile.</summary>
public sealed class KillTests : IsolatedTests
{
    private string Out => Folder["out"];

    private string Checkpoint => Path.Combine(Out, "checkpoint.safetensors");

    /// <summary>A model of each family, and at full size all.</summary>
    public static TheoryData<string> Programs => new(FaultCounts.Of(
        ["gan", "vae", "pixelcnn", "transformer", "diffusion", "flow"], all: TrainedPrograms.Quick));

    [SkippableTheory, MemberData(nameof(Programs))]
    public void Killed_at_any_moment_it_leaves_a_checkpoint_that_opens_and_ends_with_the_same_bits(string program)
    {
        Skip.If(OperatingSystem.IsWindows(), "Signals are of Unix.");
        int kills = FaultCounts.Of(1, 16);
        string whole = Folder["whole"];

        // A kill comes within 8 steps and 20 ms: with five epochs of 6 steps for each, the last one comes before the end.
        string[] args = ["--device", "cpu:1", "--epochs", $"{5 * kills}"];
        Train(whole);

        Random random = new();
        List<string> log = [];
        for (int kill = 0; kill < kills; kill++)
        {
            // A checkpoint after every step: most of the time one is being written.
            using ChildProgram child = new([KillSwitch.After(random.Next(2, 9), milliseconds: random.Next(0, 20))], program,
                ["--out", Out, .. args, "--checkpoint-minutes", "0", .. File.Exists(Checkpoint) ? (string[])["--resume"] : []]);
            (int code, string output, string error) = child.Result();
            using SafetensorsFile file = SafetensorsFile.Open(Checkpoint);
            log.Add($"{code}: {Path.GetFileName(file.Path)}, {file.Entries.Count} tensors, "
                + $"{Regex.Match(file.Metadata["training"], "\"Epoch.*?\"Steps\":\\d+")}; {output} {error}");
        }

        Assert.All(log, line => Assert.StartsWith("137: ", line));
        Train(Out, "--resume");
        Assert.DoesNotContain(Directory.GetFiles(Out), file => Path.GetFileName(file)[0] == '.');
        string[] expected = CheckpointContent.Of(whole), found = CheckpointContent.Of(Out);
        Assert.True(expected.SequenceEqual(found),
            $"Different: {string.Join('\n', expected.Except(found))}\n{string.Join('\n', found.Except(expected))}"
            + $"\nafter\n{string.Join('\n', log)}");
        FaultCounts.Report($"{program}: {kills} kills, the last checkpoint has the bits of a run that was never stopped");

        void Train(string folder, params string[] more)
        {
            using ChildProgram child = new(program, ["--out", folder, .. args, .. more]);
            child.Result().Success();
        }
    }

    [SkippableTheory]
    [InlineData(ChildProgram.Interrupt, "Ctrl+C")]
    [InlineData(ChildProgram.Terminate, "SIGTERM")]
    public void A_signal_saves_and_says_how_to_go_on_and_a_second_one_ends_at_once(int signal, string name)
    {
        Skip.If(OperatingSystem.IsWindows(), "Signals are of Unix.");
        Skip.If(signal == ChildProgram.Interrupt && ChildProgram.IgnoresInterrupt,
            "Ctrl+C is ignored where these tests run, such as behind nohup, and so by what they start.");
        using (ChildProgram child = new("regression", "--out", Out, "--epochs", "100000", "--device", "cpu:1"))
        {
            child.WaitUntil(() => child.Output.Contains("Epoch [2/", StringComparison.Ordinal));
            child.Send(signal);
            string output = child.Result().Success();
            Assert.Contains($"Stopped by {name}; what was done so far is kept.", output);
            Assert.Matches("To resume: Engine.Tests --out .* --epochs 100000 --device cpu:1 --resume", output);
        }

        // Its evaluation after the first epoch takes longer than anybody waits.
        using (ChildProgram child = new("slow", "--out", Out, "--device", "cpu:1"))
        {
            child.WaitUntil(() => child.Output.Contains("evaluating", StringComparison.Ordinal));
            child.Send(signal);
            Thread.Sleep(200);
            Assert.False(child.HasExited);
            child.Send(signal);
            Assert.NotEqual(0, child.Result().Code);
        }
    }
}
