using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Engine.Tests.Training.Terminals;

/// <summary>A training program in a terminal that tmux draws: what a person sees.</summary>
public sealed partial class PseudoTerminalTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [SkippableTheory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public void The_screen_is_whole_after_training(int columns)
    {
        string screen = Run(columns, "", "gan --epochs 3", interrupt: false);
        Assert.DoesNotMatch(LiveLine(), screen);
        foreach (int epoch in new[] { 1, 2, 3 })
        {
            Assert.Matches(
                $@"(?m)^Epoch \[{epoch}/3\]  loss: [\d.]+  twice: [\d.]+(\n)?  \d+ samples/s(\n)?  [\d:]+ elapsed, [\d:]+ left$", screen);
        }

        Assert.Contains("\nWritten to ", screen);
    }

    [SkippableTheory]
    [InlineData(60)]
    [InlineData(120)]
    public void The_screen_is_whole_after_an_interruption(int columns)
    {
        string screen = Run(columns, "", "dcgan --batch 2 --epochs 1000", interrupt: true);
        Assert.DoesNotMatch(LiveLine(), screen);
        Assert.Matches(@"(?m)^Epoch \[\d+/1000, \d+ of \d+ steps\]", screen);
        Assert.Matches("(?m)^Stopped by Ctrl\\+C; what was done so far is kept.$", screen);
    }

    [SkippableFact]
    public void A_terminal_that_is_dumb_gets_no_live_line()
    {
        string screen = Run(80, "TERM=dumb ", "dcgan --batch 2 --epochs 1000", interrupt: true, live: false);
        Assert.DoesNotMatch(LiveLine(), screen);
        Assert.Matches("(?m)^Stopped by Ctrl\\+C; what was done so far is kept.$", screen.Replace("^C", "", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void No_colour_is_asked_for_and_none_is_shown()
    {
        string screen = Run(80, "NO_COLOR=1 ", "dcgan --batch 2 --epochs 1000", interrupt: true, escapes: true);
        Assert.DoesNotContain('\u001b', screen);
    }

    /// <summary>What a live line begins with.</summary>
    [GeneratedRegex(@"(?m)epoch \d+/\d+ +\d+ %")]
    private static partial Regex LiveLine();

    private static string Run(
        int columns, string environment, string program, bool interrupt, bool live = true, bool escapes = false)
    {
        Skip.If(Answer("-V") is null, "There is no tmux.");
        using TestFolder folder = new();
        string socket = Path.Combine(folder.Path, "tmux"), assembly = typeof(PseudoTerminalTests).Assembly.Location;
        string host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

        // The shell waits for a key at the end, so that the screen stays.
        string command = $"{environment}'{host}' '{assembly}' {program} --out '{folder.Path}/out' --device cpu:1; echo END; read key";
        Answer("-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", "60", command);
        try
        {
            if (interrupt)
            {
                Seen(screen => live ? LiveLine().IsMatch(screen) : File.Exists($"{folder.Path}/out/checkpoint.safetensors"));
                Answer("-S", socket, "send-keys", "C-c");
            }

            return Seen(screen => Ended().IsMatch(screen));
        }
        finally
        {
            Answer("-S", socket, "kill-server");
        }

        string Seen(Func<string, bool> holds)
        {
            for (Stopwatch watch = Stopwatch.StartNew(); ; Thread.Sleep(20))
            {
                string screen = Answer("-S", socket, "capture-pane", "-p", escapes ? "-e" : "-J")
                    ?? throw new InvalidOperationException("tmux has no screen.");
                screen = string.Join('\n', screen.Split('\n').Select(line => line.TrimEnd()));
                if (holds(screen)) return screen;
                if (watch.Elapsed > s_patience || Ended().IsMatch(screen))
                    throw new TimeoutException($"Nothing came of waiting. The screen:\n{screen}");
            }
        }
    }

    [GeneratedRegex("(?m)^END$")]
    private static partial Regex Ended();

    /// <summary>What tmux answers; null where it is not installed or fails.</summary>
    private static string? Answer(params string[] arguments)
    {
        try
        {
            using Process tmux = Process.Start(
                new ProcessStartInfo("tmux", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = tmux.StandardOutput.ReadToEnd();
            tmux.WaitForExit();
            return tmux.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
