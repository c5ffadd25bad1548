using Engine.Kernels.Lanes;

namespace Engine.Kernels.Reductions;

/// <summary>
/// The threads of a kernel that share a row: one thread, a warp or a whole group (<see cref="RowLaunch"/> chooses). A kernel over rows is
/// written once, for a team: each thread takes its share of the row, and <see cref="Total"/> brings the shares together, in an order that
/// is the same at every run.
/// </summary>
internal interface IRowTeam
{
    /// <summary>The row of this thread's team: there may be more than rows.</summary>
    static abstract int Row { get; }

    /// <summary>This thread's number in its team.</summary>
    static abstract int Thread { get; }

    /// <summary>The threads of a team.</summary>
    static abstract int Size { get; }

    /// <summary>The total of all threads' numbers, for each of them; all threads of the team have to call this.</summary>
    static abstract TLane Total<TLane, TOp>(TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction;
}
