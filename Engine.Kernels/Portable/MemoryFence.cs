namespace ILGPU;

/// <summary>Orders the memory accesses of one thread as others see them. The simulator runs one thread at a time, so they are ordered.</summary>
internal static class MemoryFence
{
    public static void GroupLevel() => Interlocked.MemoryBarrier();

    public static void DeviceLevel() => Interlocked.MemoryBarrier();

    public static void SystemLevel() => Interlocked.MemoryBarrier();
}
