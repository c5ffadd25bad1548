using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>Requests by lines of standard input, answers as lines of JSON, until standard input ends.</summary>
internal static class Serving
{
    private const int Uncounted = 3;
    private static readonly JsonSerializerOptions s_format = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    internal static void Say(object what)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(what, s_format));
        Console.Out.Flush();
    }

    /// <summary>Answers <c>run SECONDS ...</c> with what a window of so many seconds gives, and <c>memory</c> with the peak.</summary>
    internal static void Serve(Func<double, string[], object> window)
    {
        while (Console.In.ReadLine() is { } line)
        {
            Say(line.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
            {
                ["run", var seconds, .. var what] => window(double.Parse(seconds, CultureInfo.InvariantCulture), what),
                ["memory"] => new { peak_mb = Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20) },
                _ => new { error = $"unknown request '{line}'" },
            });
        }
    }

    /// <summary>The milliseconds of each call for that long, after some calls that find the caches as others left them.</summary>
    internal static double[] Timed(Action call, double seconds)
    {
        for (int i = 0; i < Uncounted; i++) call();
        List<double> times = [];
        long before = Stopwatch.GetTimestamp(), end = before + (long)(seconds * Stopwatch.Frequency);
        while (before < end)
        {
            call();
            long after = Stopwatch.GetTimestamp();
            times.Add(Stopwatch.GetElapsedTime(before, after).TotalMilliseconds);
            before = after;
        }

        return [.. times];
    }
}
