namespace Engine.Tests.Operations;

/// <summary>Where elements go, for the references: plain loops over indices along each axis.</summary>
internal static class Places
{
    /// <summary>The indices along each axis of every element of a shape, in row-major order.</summary>
    internal static int[][] All(Shape shape)
    {
        int[][] all = new int[shape.Count][];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new int[shape.Rank];
            int left = i;
            for (int axis = shape.Rank - 1; axis >= 0; axis--)
            {
                all[i][axis] = left % shape[axis];
                left /= shape[axis];
            }
        }

        return all;
    }

    /// <summary>The number of the element at given indices.</summary>
    internal static int At(Shape shape, int[] indices)
    {
        int place = 0;
        for (int axis = 0; axis < shape.Rank; axis++) place = (place * shape[axis]) + indices[axis];
        return place;
    }

    /// <summary>For each element of <paramref name="to"/>, the element of <paramref name="from"/> that is broadcast to it.</summary>
    internal static int[] Broadcast(Shape from, Shape to) => Array.ConvertAll(All(to), indices =>
    {
        int[] own = indices[(to.Rank - from.Rank)..];
        for (int axis = 0; axis < own.Length; axis++)
            if (from[axis] == 1) own[axis] = 0;
        return At(from, own);
    });

    /// <summary>The shape that is left when axes are reduced, none meaning all.</summary>
    internal static Shape Left(Shape shape, int[] axes)
    {
        List<int> extents = [];
        for (int axis = 0; axis < shape.Rank; axis++)
            if (!IsReduced(shape, axes, axis)) extents.Add(shape[axis]);
        return new Shape([.. extents]);
    }

    /// <summary>The elements that are reduced to each output, axes being reduced.</summary>
    internal static int[][] Groups(Shape shape, int[] axes)
    {
        Shape left = Left(shape, axes);
        List<int>[] groups = new List<int>[left.Count];
        for (int i = 0; i < groups.Length; i++) groups[i] = [];
        int[][] all = All(shape);
        for (int i = 0; i < all.Length; i++)
        {
            List<int> kept = [];
            for (int axis = 0; axis < shape.Rank; axis++)
                if (!IsReduced(shape, axes, axis)) kept.Add(all[i][axis]);
            groups[At(left, [.. kept])].Add(i);
        }

        return Array.ConvertAll(groups, group => group.ToArray());
    }

    private static bool IsReduced(Shape shape, int[] axes, int axis) =>
        axes.Length == 0 || axes.Contains(axis) || axes.Contains(axis - shape.Rank);
}
