using System.Diagnostics;
using Engine.Kernels.Devices.Host;

namespace Engine.Bench.Machine;

/// <summary>The multiply-add loop on a device's own threads: the ceiling at this very moment, beside a kernel.</summary>
internal struct FmaJob : IJob
{
    // Several chunks a thread, so that one that wakes late does not decide the time.
    private const int ChunksPerThread = 16;

    private static float s_sink;
    private int _bits;
    private long _iterations;

    /// <summary>The loop with as many iterations as take about that long.</summary>
    internal static FmaJob Calibrated(CpuDevice device, double seconds)
    {
        FmaJob job = new() { _bits = FmaLoop.Widths.Count > 0 ? FmaLoop.Widths[0] : 256, _iterations = 1000 };
        while (job.Seconds(device) < seconds) job._iterations *= 2;
        return job;
    }

    public readonly void Run(int chunk) => s_sink += FmaLoop.Run(_bits, _iterations);

    /// <summary>Operations a second.</summary>
    internal double Rate(CpuDevice device) => FmaLoop.Flops(_bits, _iterations) * ChunksPerThread * device.Threads / Seconds(device);

    private double Seconds(CpuDevice device)
    {
        long started = Stopwatch.GetTimestamp();
        device.Workers.Run(ref this, ChunksPerThread * device.Threads);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
