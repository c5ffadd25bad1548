namespace Engine.Kernels.Mapping.Gpu;

/// <summary>A <see cref="BroadcastPlan"/> as GPU kernels take it.</summary>
internal readonly unsafe struct MapWalk
{
    internal readonly int Rank;
    internal readonly AxisValues Extents;

    /// <summary>What each argument steps by along each axis.</summary>
    internal readonly AxisValues X, Y, Z, W;

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

    /// <summary>Where the element of each argument is that belongs to an element of the output.</summary>
    internal MapPlace Place(int element, int arity)
    {
        int left = element, x = 0, y = 0, z = 0, w = 0;
        for (int axis = Rank - 1; axis > 0; axis--)
        {
            // One division: the remainder is what the quotient leaves.
            int quotient = left / Extents[axis], place = left - (quotient * Extents[axis]);
            left = quotient;
            x += place * X[axis];
            if (arity > 1) y += place * Y[axis];
            if (arity > 2) z += place * Z[axis];
            if (arity > 3) w += place * W[axis];
        }

        return new(x + (left * X[0]), y + (left * Y[0]), z + (left * Z[0]), w + (left * W[0]));
    }

    private static AxisValues Steps(BroadcastPlan* plan, int argument) =>
        new(new ReadOnlySpan<int>(plan->Steps + (argument * Shape.MaxRank), Shape.MaxRank));
}

/// <summary>An element of each of four arguments.</summary>
internal readonly struct MapPlace(int x, int y, int z, int w)
{
    internal readonly int X = x, Y = y, Z = z, W = w;
}
