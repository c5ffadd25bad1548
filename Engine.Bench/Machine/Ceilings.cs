using System.Diagnostics;
using Engine.Kernels.Devices.Host;

namespace Engine.Bench.Machine;

/// <summary>
/// What this machine can do at most, measured with loops that do nothing else: multiply-adds in registers, and bytes moved for a
/// working set of any size. Each number is measured when it is first asked for and then kept.
/// </summary>
internal static class Ceilings
{
    private const int Repeats = 9;
    private const double SecondsPerRepeat = 0.04;

    private static readonly Dictionary<(int Bits, int Threads), Rate> s_flops = [];
    private static readonly Dictionary<(Traffic Kind, long WorkingSet, int Threads), Rate> s_bytes = [];

    /// <summary>Floating-point operations a second in fused multiply-adds of float32 with the widest vectors.</summary>
    internal static Rate Flops(int threads) => Flops(FmaLoop.Widest, threads);

    /// <summary>Floating-point operations a second in fused multiply-adds of float32 with vectors of a given width.</summary>
    internal static Rate Flops(int bits, int threads)
    {
        if (s_flops.TryGetValue((bits, threads), out Rate known)) return known;
        using CpuDevice device = new(threads);
        FmaJob job = FmaJob.Calibrated(device, bits);
        double[] rates = new double[Repeats];
        for (int i = 0; i < rates.Length; i++) rates[i] = job.Rate(device, SecondsPerRepeat);
        return s_flops[(bits, threads)] = new Rate(rates.Max(), Sample.Median(rates));
    }

    /// <summary>Bytes a second, those read plus those written.</summary>
    /// <param name="kind">How the bytes move.</param>
    /// <param name="workingSet">The bytes that are touched again and again, all threads together.</param>
    /// <param name="threads">Threads that share them.</param>
    internal static Rate Bandwidth(Traffic kind, long workingSet, int threads)
    {
        if (s_bytes.TryGetValue((kind, workingSet, threads), out Rate known)) return known;
        TrafficLoop[] loops = new TrafficLoop[threads];

        // Each thread touches its own pages first, as memory is placed near who does.
        ThreadTeam.Time(threads, 1, thread => loops[thread] = new TrafficLoop(kind, workingSet / threads));
        Rate rate = Measure(threads, loops.Sum(loop => loop.BytesPerPass), (thread, passes) => loops[thread].Run(passes));
        foreach (TrafficLoop loop in loops) loop.Dispose();
        return s_bytes[(kind, workingSet, threads)] = rate;
    }

    /// <summary>
    /// The fastest way to move bytes in a working set of this size: what a kernel that is bound by memory is held against.
    /// </summary>
    internal static double BestBandwidth(long workingSet, int threads) =>
        Enum.GetValues<Traffic>().Max(kind => Bandwidth(kind, workingSet, threads).Best);

    private static Rate Measure(int threads, double unitsPerIteration, Func<int, long, float> loop)
    {
        float[] sink = new float[threads];

        // Doubled until a repeat is long against the start of the threads and the clock's steps.
        long iterations = 1;
        while (true)
        {
            long started = Stopwatch.GetTimestamp();
            sink[0] += loop(0, iterations);
            if (Stopwatch.GetElapsedTime(started).TotalSeconds >= SecondsPerRepeat / 2) break;
            iterations *= 2;
        }

        double[] seconds = ThreadTeam.Time(threads, Repeats, thread => sink[thread] += loop(thread, iterations));
        Array.Sort(seconds);
        GC.KeepAlive(sink);
        return new Rate(unitsPerIteration * iterations / seconds[0], unitsPerIteration * iterations / seconds[Repeats / 2]);
    }
}
