using Engine.Kernels.Portable;

namespace ILGPU;

/// <summary>The group of the running kernel thread.</summary>
internal static class Group
{
    public static int IdxX => KernelThread.Current.Index.X;

    public static int IdxY => KernelThread.Current.Index.Y;

    public static int IdxZ => KernelThread.Current.Index.Z;

    public static Index3D Index => KernelThread.Current.Index;

    public static int DimX => KernelThread.Current.Run.GroupDim.X;

    public static int DimY => KernelThread.Current.Run.GroupDim.Y;

    public static int DimZ => KernelThread.Current.Run.GroupDim.Z;

    public static Index3D Dimension => KernelThread.Current.Run.GroupDim;

    public static int LinearIndex => KernelThread.Current.LinearIndex;

    public static bool IsFirstThread => LinearIndex == 0;

    public static bool IsLastThread => LinearIndex == KernelThread.Current.Run.GroupSize - 1;

    public static void Barrier()
    {
        KernelThread thread = KernelThread.Current;
        thread.GroupFor("Group.Barrier").GroupBarrier(thread);
    }

    public static T Broadcast<T>(T value, int groupIndex)
        where T : unmanaged
    {
        KernelThread thread = KernelThread.Current;
        return Exchange(thread, value, "Group.Broadcast").Read<T>(thread.GroupExchanges, groupIndex);
    }

    public static int BarrierPopCount(bool predicate)
    {
        KernelThread thread = KernelThread.Current;
        ExchangeSlots slots = Exchange(thread, predicate, "Group.BarrierPopCount");
        int count = 0;
        for (int i = 0; i < thread.Run.GroupSize; i++)
        {
            count += slots.Read<bool>(thread.GroupExchanges, i) ? 1 : 0;
        }

        return count;
    }

    public static bool BarrierAnd(bool predicate) => BarrierPopCount(predicate) == KernelThread.Current.Run.GroupSize;

    public static bool BarrierOr(bool predicate) => BarrierPopCount(predicate) > 0;

    private static ExchangeSlots Exchange<T>(KernelThread thread, T value, string operation)
        where T : unmanaged
    {
        GroupRun group = thread.GroupFor(operation);
        group.GroupExchange.Write(++thread.GroupExchanges, thread.LinearIndex, value);
        group.GroupBarrier(thread);
        return group.GroupExchange;
    }
}
