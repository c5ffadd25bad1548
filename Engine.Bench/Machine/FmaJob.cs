using System.Diagnostics;
using Engine.Kernels.Devices.Host;

namespace Engine.Bench.Machine;

/// <summary>
/// The multiply-add loop on a device's own threads, timed as kernels are: what the machine can do at this very moment. It is the one way
/// in which the ceiling is measured.
/// </summary>
internal struct FmaJob : IJob
{
    // Several chunks a thread, so that one that wakes late does not decide the time.
    private const int ChunksPerThread = 16;
    private const double SecondsOfCall = 0.002;

    private static float s_sink;
    private int _bits;
    private long _iterations;

    /// <summary>The loop with as many iterations as make a call of some milliseconds.</summary>
    internal static FmaJob Calibrated(CpuDevice device, int bits)
    {
        FmaJob job = new() { _bits = bits, _iterations = 1000 };
        while (job.Seconds(device) < SecondsOfCall) job._iterations *= 2;
        return job;
    }

    public readonly void Run(int chunk) => s_sink += FmaLoop.Run(_bits, _iterations);

    /// <summary>
    /// Operations a second of the median call of a turn. What comes before it is not counted: a processor that has waited takes some
    /// milliseconds until it runs wide vectors at its full clock, and threads to wake.
    /// </summary>
    internal double Rate(CpuDevice device, double seconds)
    {
        Repeat(device, seconds / 3);
        return FmaLoop.Flops(_bits, _iterations) * ChunksPerThread * device.Threads / Sample.Median(Repeat(device, seconds));
    }

    private List<double> Repeat(CpuDevice device, double seconds)
    {
        List<double> times = [];
        long started = Stopwatch.GetTimestamp();
        do times.Add(Seconds(device));
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds);
        return times;
    }

    private double Seconds(CpuDevice device)
    {
        long started = Stopwatch.GetTimestamp();
        device.Workers.Run(ref this, ChunksPerThread * device.Threads);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
