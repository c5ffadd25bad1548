using ILGPU;

namespace Engine.Kernels.Portable;

/// <summary>One thread of a running kernel: what Group, Grid, Warp, SharedMemory and LocalMemory answer from.</summary>
internal sealed class KernelThread(KernelRun run, int linearIndex, Index3D index)
{
    [ThreadStatic]
    private static KernelThread? current;

    private Signal? resume;

    /// <summary>The kernel thread that the calling OS thread carries.</summary>
    public static KernelThread Current => current ?? throw OutsideKernel();

    public KernelRun Run { get; } = run;

    /// <summary>The position in the group, counted x first.</summary>
    public int LinearIndex { get; } = linearIndex;

    public Index3D Index { get; } = index;

    /// <summary>The group this thread belongs to. Null in an implicitly grouped kernel, whose threads know of no group.</summary>
    public GroupRun? Group { get; init; }

    public Wait Waiting { get; set; }

    /// <summary>How many shared allocations this thread has asked for: the n-th request of every thread means the same memory.</summary>
    public int SharedAllocations { get; set; }

    /// <summary>Which of two sets of exchange slots the next exchange in the warp, or in the group, uses.</summary>
    public int WarpExchanges { get; set; }

    public int GroupExchanges { get; set; }

    public int WarpIndex => LinearIndex / Run.WarpSize;

    public int LaneIndex => LinearIndex % Run.WarpSize;

    /// <summary>Makes this the current thread of the calling OS thread and returns the one that was.</summary>
    public static KernelThread? Enter(KernelThread? thread)
    {
        KernelThread? before = current;
        current = thread;
        thread?.resume = Signal.OfThisThread;
        return before;
    }

    public void Reset()
    {
        Waiting = Wait.None;
        SharedAllocations = WarpExchanges = GroupExchanges = 0;
    }

    public void Resume() => resume!.Set();

    public void Sleep() => resume!.Wait();

    /// <summary>The group, for what only an explicitly grouped kernel may do.</summary>
    public GroupRun GroupFor(string operation) =>
        Group ?? throw new InvalidOperationException(
            $"{operation} needs a kernel with explicit groups: load it with LoadStreamKernel and launch it with a grid and a group.");

    private static InvalidOperationException OutsideKernel() =>
        new("Group, Grid, Warp, SharedMemory and LocalMemory are known only inside a running kernel.");
}
