using System.Diagnostics;

namespace Engine.Bench.Machine;

/// <summary>Runs one body on several threads at the same moment and times it from the first start to the last end.</summary>
internal static class ThreadTeam
{
    /// <summary>Runs <paramref name="body"/> on each of <paramref name="threads"/> threads, <paramref name="repeats"/> times.</summary>
    /// <returns>The seconds of each repeat.</returns>
    internal static double[] Time(int threads, int repeats, Action<int> body)
    {
        long[] starts = new long[threads];
        long[] ends = new long[threads];
        double[] seconds = new double[repeats];
        int repeat = 0;
        using Barrier begin = new(threads);
        using Barrier end = new(threads, _ => seconds[repeat++] = Stopwatch.GetElapsedTime(starts.Min(), ends.Max()).TotalSeconds);

        void Work(int thread)
        {
            for (int i = 0; i < repeats; i++)
            {
                begin.SignalAndWait();
                starts[thread] = Stopwatch.GetTimestamp();
                body(thread);
                ends[thread] = Stopwatch.GetTimestamp();
                end.SignalAndWait();
            }
        }

        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(thread => new Thread(() => Work(thread)) { IsBackground = true })];
        foreach (Thread other in others) other.Start();
        Work(0);
        foreach (Thread other in others) other.Join();
        return seconds;
    }
}
