using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Tests.Faults;

/// <summary>
/// Every option of every lesson that is a number, at the largest values: a sentence, or a run that begins, and never much memory. It needs
/// the built lessons in one folder, which <c>ENGINE_LESSONS</c> names, as <c>.ci/bundle</c> lays them beside the tests; and time, so that
/// it runs with <c>ENGINE_FAULTS=full</c> alone.
/// </summary>
[Collection("console")]
public sealed partial class LessonLimitTests : IsolatedTests
{
    private const long MostMemory = 2L << 30;

    /// <summary>How long a run may take to be refused; one that has said nothing then has begun.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20), s_begun = TimeSpan.FromSeconds(2);

    private static readonly string s_folder = Environment.GetEnvironmentVariable("ENGINE_LESSONS") ?? AppContext.BaseDirectory;

    [SkippableFact]
    public void Numbers_beyond_all_measure_are_refused_or_cost_nothing()
    {
        Skip.If(FaultCounts.Of(0, 1) == 0 || !OperatingSystem.IsLinux(), "At full size, where /proc tells the memory of a process.");
        string[] lessons = [.. Directory.GetFiles(s_folder, "*.runtimeconfig.json")
            .Select(file => Path.GetFileName(file).Replace(".runtimeconfig.json", "", StringComparison.Ordinal))
            .Where(name => !name.StartsWith("Engine.", StringComparison.Ordinal) && name != "testhost").Order()];
        Skip.If(lessons.Length == 0, "ENGINE_LESSONS names no folder with built lessons.");
        int refused = 0, begun = 0;
        long most = 0;
        List<string> faults = [];
        foreach (string lesson in lessons)
        {
            foreach (string option in Options(lesson))
            {
                // Where a value is out of range, the largest one of the range is tried too.
                Queue<string> values = new(["1000000000", "2147483647", "1048576"]);
                for (HashSet<string> tried = []; values.TryDequeue(out string? value);)
                {
                    if (!tried.Add(value)) continue;
                    (int? code, string error, long memory) = Run(lesson, option, value);
                    if (RangeExpression().Match(error) is { Success: true } range) values.Enqueue(range.Groups[1].Value);
                    most = Math.Max(most, memory);
                    if (code is null or 0) begun++;
                    else refused++;
                    bool isSentence = error.Length == 0 || (error.StartsWith($"{lesson}: ", StringComparison.Ordinal)
                        && !error.Contains("   at ", StringComparison.Ordinal));
                    if (!isSentence || (code is not (null or 0) && error.Length == 0) || memory > MostMemory)
                        faults.Add($"{lesson} {option} {value}: exit code {code}, {memory >> 20} MB, {error}");
                }
            }
        }

        FaultCounts.Report($"{refused + begun} runs of {lessons.Length} lessons with an option at 1e9, 2^31 - 1, 2^20 or the end of its "
            + $"range: {refused} refused, {begun} begun, at most {most >> 20} MB");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static IEnumerable<string> Options(string lesson)
    {
        using Process help = Start(lesson, ["--help"]);
        string text = help.StandardOutput.ReadToEnd();
        help.WaitForExit();
        return NumberExpression().Matches(text).Select(match => match.Groups[1].Value).Where(option => option != "--seed");
    }

    private (int? Code, string Error, long Memory) Run(string lesson, string option, string value)
    {
        List<string> args = ["--out", Folder["out"], "--device", "cpu", option, value];
        if (option != "--epochs") args.AddRange("--epochs", "1");
        using Process run = Start(lesson, [.. args]);
        Task<string> error = run.StandardError.ReadToEndAsync();
        Stopwatch sinceData = new(), all = Stopwatch.StartNew();
        run.OutputDataReceived += (_, _) => sinceData.Start();
        run.BeginOutputReadLine();
        long memory = 0;
        while (!run.WaitForExit(20))
        {
            memory = Math.Max(memory, PeakOf(run.Id));
            if (sinceData.Elapsed < s_begun && all.Elapsed < s_patience && memory <= MostMemory / 2) continue;

            // It has begun, with as much memory as was asked for and there is.
            run.Kill();
            run.WaitForExit();
            return (null, error.Result, memory);
        }

        run.WaitForExit();
        return (run.ExitCode, error.Result.Trim(), memory);
    }

    private static long PeakOf(int process)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan(6, line.Length - 9), CultureInfo.InvariantCulture) << 10;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            // It has just ended.
            return 0;
        }
    }

    private static Process Start(string lesson, string[] args)
    {
        string host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        return Process.Start(new ProcessStartInfo(host, [Path.Combine(s_folder, $"{lesson}.dll"), .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
    }

    [GeneratedRegex(@"must be (?:a whole number|whole numbers) from -?\d+ to (\d+)")]
    private static partial Regex RangeExpression();

    // An option with a whole number as its default; its description may go on over several lines.
    [GeneratedRegex(@"^  (--[a-z0-9-]+) <[^>]*>(?:(?!^  -).)*?\[default: -?\d+\]", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex NumberExpression();
}
