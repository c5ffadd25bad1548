using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels.Reductions;

/// <summary>A row for each thread: for short rows, of which there are many.</summary>
internal readonly struct OneThread : IRowTeam
{
    public static int Row => (Grid.IdxX * Group.DimX) + Group.IdxX;

    public static int Thread => 0;

    public static int Size => 1;

    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction => own;
}

/// <summary>A row for each warp: its threads exchange numbers in registers and never wait for other warps.</summary>
internal readonly struct OneWarp : IRowTeam
{
    public static int Row => ((Grid.IdxX * Group.DimX) + Group.IdxX) / Warp.WarpSize;

    public static int Thread => Warp.LaneIdx;

    public static int Size => Warp.WarpSize;

    // In step k a thread adds the number of the one whose lane differs in one bit: after five steps all have the sum of all, and the same
    // bits, for a + b is b + a.
    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        for (int distance = Warp.WarpSize / 2; distance > 0; distance /= 2) own = op.Combine(own, Warp.ShuffleXor(own, distance));
        return own;
    }
}

/// <summary>
/// A row for each group: its warps find their totals in registers, and leave one number each in shared memory, so that the group waits
/// once.
/// </summary>
internal readonly struct OneGroup : IRowTeam
{
    /// <summary>The most warps of a group.</summary>
    private const int MaxWarps = 32;

    public static int Row => Grid.IdxX;

    public static int Thread => Group.IdxX;

    public static int Size => Group.DimX;

    public static TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        ArrayView<TLane> shared = SharedMemory.Allocate<TLane>(MaxWarps);
        own = OneWarp.Total(own, op);
        if (Warp.IsFirstLane) shared[Group.IdxX / Warp.WarpSize] = own;
        Group.Barrier();

        // Every thread adds up the warps' totals by itself, in their order. The next total has shared memory of its own: nobody waits until
        // all have read.
        TLane total = shared[0];
        for (int warp = 1; warp < Group.DimX / Warp.WarpSize; warp++) total = op.Combine(total, shared[warp]);
        return total;
    }
}
