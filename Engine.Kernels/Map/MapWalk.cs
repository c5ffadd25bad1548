namespace Engine.Kernels;

/// <summary>A <see cref="BroadcastPlan"/> as GPU kernels take it.</summary>
internal readonly unsafe struct MapWalk
{
    internal readonly int Rank;
    internal readonly SixInts Extents;

    /// <summary>What each argument steps by along each axis.</summary>
    internal readonly SixInts X, Y, Z, W;

    internal MapWalk(in BroadcastPlan plan)
    {
        Rank = plan.Rank;
        fixed (BroadcastPlan* p = &plan)
        {
            Extents = new(new ReadOnlySpan<int>(p->Extents, Shape.MaxRank));
            X = Steps(p, 0);
            Y = Steps(p, 1);
            Z = Steps(p, 2);
            W = Steps(p, 3);
        }
    }

    private static SixInts Steps(BroadcastPlan* plan, int argument) => new(new ReadOnlySpan<int>(plan->Steps + (argument * Shape.MaxRank), Shape.MaxRank));
}
