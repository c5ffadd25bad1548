using Engine.Kernels.Portable;

namespace ILGPU;

/// <summary>
/// The warp of the running kernel thread: threads of neighbouring linear index, as many as the device says. A lane that a shuffle would
/// read beyond the warp, or beyond its part of <c>width</c> lanes, leaves a thread its own value.
/// </summary>
internal static class Warp
{
    public static int WarpSize => KernelThread.Current.Run.WarpSize;

    public static int LaneIdx => KernelThread.Current.LaneIndex;

    public static int WarpIdx => KernelThread.Current.WarpIndex;

    public static bool IsFirstLane => LaneIdx == 0;

    public static bool IsLastLane => LaneIdx == WarpSize - 1;

    public static void Barrier()
    {
        KernelThread thread = KernelThread.Current;
        thread.GroupFor("Warp.Barrier").WarpBarrier(thread);
    }

    public static T Shuffle<T>(T variable, int sourceLane)
        where T : unmanaged => Exchange(variable, 0, WarpSize, sourceLane);

    public static T Shuffle<T>(T variable, int sourceLane, int width)
        where T : unmanaged => Exchange(variable, Part(width), width, sourceLane);

    public static T ShuffleDown<T>(T variable, int delta)
        where T : unmanaged => Exchange(variable, 0, WarpSize, LaneIdx + delta);

    public static T ShuffleDown<T>(T variable, int delta, int width)
        where T : unmanaged => Exchange(variable, Part(width), width, LaneIdx - Part(width) + delta);

    public static T ShuffleUp<T>(T variable, int delta)
        where T : unmanaged => Exchange(variable, 0, WarpSize, LaneIdx - delta);

    public static T ShuffleUp<T>(T variable, int delta, int width)
        where T : unmanaged => Exchange(variable, Part(width), width, LaneIdx - Part(width) - delta);

    public static T ShuffleXor<T>(T variable, int mask)
        where T : unmanaged => Exchange(variable, 0, WarpSize, LaneIdx ^ mask);

    public static T ShuffleXor<T>(T variable, int mask, int width)
        where T : unmanaged => Exchange(variable, Part(width), width, (LaneIdx - Part(width)) ^ mask);

    public static T Broadcast<T>(T value, int sourceLane)
        where T : unmanaged => Shuffle(value, sourceLane);

    private static int Part(int width) => LaneIdx / width * width;

    private static T Exchange<T>(T variable, int part, int width, int source)
        where T : unmanaged
    {
        KernelThread thread = KernelThread.Current;
        GroupRun group = thread.GroupFor("A warp shuffle");
        group.WarpExchange.Write(++thread.WarpExchanges, thread.LinearIndex, variable);
        group.WarpBarrier(thread);
        int sourceThread = thread.LinearIndex - thread.LaneIndex + part + source;
        return source >= 0 && source < width && sourceThread < thread.Run.GroupSize
            ? group.WarpExchange.Read<T>(thread.WarpExchanges, sourceThread)
            : variable;
    }
}
