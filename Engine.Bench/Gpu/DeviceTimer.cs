using System.Diagnostics;
using Engine.Bench.Machine;
using Engine.Kernels;

namespace Engine.Bench.Gpu;

/// <summary>
/// Times launches on a device that computes while the host goes on: some of them between two waits, so that the wait itself does not count.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="seconds">About how long a turn takes.</param>
/// <param name="turns">Turns, of which the median counts.</param>
internal sealed class DeviceTimer(Device device, double seconds, int turns)
{
    /// <summary>Seconds of one launch.</summary>
    internal double Seconds(Action launch)
    {
        // The first compiles the kernel, the second says how many fill a turn.
        launch();
        double once = Turn(launch, 1);
        int count = Math.Clamp((int)(seconds / once), 1, 10_000);
        return Sample.Median([.. Enumerable.Range(0, turns).Select(_ => Turn(launch, count))]);
    }

    private double Turn(Action launch, int count)
    {
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++) launch();
        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
    }
}
