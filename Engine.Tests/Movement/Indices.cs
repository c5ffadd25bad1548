using Engine.Kernels;

namespace Engine.Tests.Movement;

/// <summary>Plain index arithmetic, for reference implementations.</summary>
internal static class Indices
{
    /// <summary>The indices of the element at a running position.</summary>
    internal static int[] At(Shape shape, int position)
    {
        int[] index = new int[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            index[axis] = position % shape[axis];
            position /= shape[axis];
        }

        return index;
    }

    /// <summary>The running position of an element.</summary>
    internal static int Of(Shape shape, int[] index)
    {
        int position = 0;
        for (int axis = 0; axis < shape.Rank; axis++) position = (position * shape[axis]) + index[axis];
        return position;
    }
}
