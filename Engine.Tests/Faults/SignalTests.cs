using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Tests.Faults;

/// <summary>
/// Signals from outside at random moments, while a program trains and while it samples and measures afterwards. At full size they go to
/// lessons too, where <c>ENGINE_LESSONS</c> names the folder with the built ones.
/// </summary>
public sealed partial class SignalTests : IsolatedTests
{
    /// <summary>How many signals a folder gets before its run may end.</summary>
    private const int SignalsInRow = 3;

    /// <summary>Lessons, with options under which training and what comes after it take seconds each.</summary>
    private static readonly Dictionary<string, string> s_lessons = new()
    {
        ["diffusion"] = "--images 128 --width 8 --noise-steps 20 --samples 4 --sample-steps 10 --bound-images 2",
        ["flow"] = "--images 128 --couplings 2 --hidden 16 --test-images 200",
        ["pixelcnn"] = "--size 14 --layers 2 --features 8 --images 512 --test-images 1000 --samples 20",
        ["compare"] = "--only autoregressive --width 2 --images 256 --samples 0 --test-images 200",
        ["vae"] = "--conv --latent 2 --binarize dynamic --images 1000 --test-images 100 --test-samples 200",
    };

    private static readonly string s_folder = Environment.GetEnvironmentVariable("ENGINE_LESSONS") ?? AppContext.BaseDirectory;

    public static TheoryData<string> Programs => new(FaultCounts.Of(["gan"], all: TrainedPrograms.Quick));

    public static TheoryData<string> Lessons => new(s_lessons.Keys);

    [SkippableTheory, MemberData(nameof(Programs))]
    public void A_program_that_is_stopped_keeps_what_it_has_and_ends_as_one_that_never_was(string name) =>
        Stop(name, args => new ChildProgram(name, [.. args, "--pictures", "40"]), FaultCounts.Of(2, 12), hasKnownState: true);

    [SkippableTheory, MemberData(nameof(Lessons))]
    public void A_lesson_that_is_stopped_keeps_what_it_has_and_ends_as_one_that_never_was(string name)
    {
        string assembly = Path.Combine(s_folder, $"{name}.dll");
        Skip.If(FaultCounts.Of(0, 1) == 0 || !File.Exists(assembly), "At full size, where ENGINE_LESSONS names the built lessons.");

        // The state of a comparison has the seconds that its models took.
        Stop(name, args => ChildProgram.Of(assembly, [.. args, "--epochs", "1", .. s_lessons[name].Split(' ')]), 32, name != "compare");
    }

    private void Stop(string name, Func<string[], ChildProgram> start, int signals, bool hasKnownState)
    {
        Skip.If(OperatingSystem.IsWindows(), "Signals are of Unix.");
        string whole = Folder["whole"];
        TimeSpan length = Run(whole, _ => { }, out string output);
        Assert.DoesNotContain("Stopped", output);

        Random random = new();
        int heard = 0, after = 0, late = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int round = 0; heard < signals; round++)
        {
            string folder = Folder[$"stopped-{round}"];
            for (int i = 0; i < SignalsInRow && heard < signals; i++)
            {
                int signal = random.Next(2) == 0 && !ChildProgram.IgnoresInterrupt ? ChildProgram.Interrupt : ChildProgram.Terminate;
                TimeSpan took = TimeSpan.Zero;
                Run(folder, child =>
                {
                    Thread.Sleep(length * random.NextDouble());
                    Stopwatch watch = Stopwatch.StartNew();
                    child.Send(signal);
                    child.WaitUntil(() => child.HasExited);
                    took = watch.Elapsed;
                }, out output);
                RunFolder.CheckWhole(folder, whole);
                if (Sentence().Match(output) is not { Success: true } sentence)
                {
                    // All was done when it came, or nearly so.
                    Assert.Contains("Written to ", output);
                    late++;
                    continue;
                }

                Assert.Equal(signal == ChildProgram.Interrupt ? "Ctrl+C" : "SIGTERM", sentence.Groups[1].Value);
                heard++;
                if (sentence.Groups[2].Success) after++;
                if (took > slowest) slowest = took;
            }

            Run(folder, _ => { }, out output);
            Assert.DoesNotContain("Stopped", output);
            RunFolder.CheckWhole(folder, whole);
            Assert.Equal(RunFolder.Pictures(whole), RunFolder.Pictures(folder));
            if (hasKnownState) Assert.Equal(CheckpointContent.Of(whole), CheckpointContent.Of(folder));
            if (round > 20 + signals) throw new TimeoutException($"Only {heard} of {round * SignalsInRow} signals came in time.");
            Directory.Delete(folder, recursive: true);
        }

        FaultCounts.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {heard} signals heard, {after} of them after training, within at most {slowest.TotalSeconds:0.00} s; "
            + $"{late} came when all was done"));

        // The time from the first line on the standard output to the end.
        TimeSpan Run(string folder, Action<ChildProgram> begun, out string output)
        {
            bool isResumed = File.Exists(Path.Combine(folder, "checkpoint.safetensors"));
            using ChildProgram child = start(["--out", folder, "--device", "cpu:1", .. isResumed ? (string[])["--resume"] : []]);
            child.WaitUntil(() => child.Output.Length > 0);
            Stopwatch watch = Stopwatch.StartNew();
            begun(child);
            (int code, output, string error) = child.Result();

            // A signal that comes in the last moments of a process, when all is said, ends it in its own way.
            bool isDone = output.Contains("Written to ", StringComparison.Ordinal) && !output.Contains("Stopped", StringComparison.Ordinal),
                isKilled = code is 128 + ChildProgram.Interrupt or 128 + ChildProgram.Terminate;
            Assert.True((code == 0 || (isDone && isKilled)) && error.Length == 0, $"{name}: exit code {code}\n{output}\n{error}");
            return watch.Elapsed;
        }
    }

    [GeneratedRegex(
        @"^Stopped by (SIGTERM|Ctrl\+C)(?:; what was done|( after the last epoch); what was measured and drawn) so far is kept\.",
        RegexOptions.Multiline)]
    private static partial Regex Sentence();
}
