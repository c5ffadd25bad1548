namespace Engine.Kernels.Rows;

/// <summary>
/// How up to four arguments are walked row by row, a row being a run along the innermost axis: along it an argument is contiguous or one
/// element; the other axes are a <see cref="BroadcastPlan"/> over whole rows of each argument.
/// </summary>
internal unsafe struct RowPlan
{
    internal BroadcastPlan Outer;
    internal int Rows;
    internal int Columns;

    /// <summary>The innermost extent of each argument: <see cref="Columns"/>, or 1 where it is broadcast.</summary>
    internal fixed int Widths[BroadcastPlan.Arguments];

    /// <summary>The plan for terms of a shape and the arguments that broadcast to it.</summary>
    /// <exception cref="ArgumentException">There is no axis, or an argument does not broadcast to the shape.</exception>
    internal static RowPlan Create(string operation, Shape terms, params ReadOnlySpan<Shape> arguments)
    {
        if (terms.Rank == 0) throw new ArgumentException($"{operation}: rows need at least one axis, found a scalar.");

        // It is the whole shape that a message should name.
        BroadcastPlan.Create(operation, terms, arguments);
        RowPlan plan = default;
        plan.Columns = terms[-1];
        Span<Shape> outer = new Shape[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            plan.Widths[i] = arguments[i].Rank == 0 ? 1 : arguments[i][-1];
            outer[i] = WithoutInnermost(arguments[i]);
        }

        Shape rows = WithoutInnermost(terms);
        plan.Rows = rows.Count;
        plan.Outer = BroadcastPlan.Create(operation, rows, outer);
        return plan;
    }

    /// <summary>Where the row of an argument starts.</summary>
    internal readonly long Offset(int argument, int row)
    {
        long offset = 0;
        for (int axis = Outer.Rank - 1; axis >= 0; axis--)
        {
            int place = axis == 0 ? row : row % Outer.Extents[axis];
            if (axis > 0) row /= Outer.Extents[axis];
            offset += (long)place * Outer.Steps[(argument * Shape.MaxRank) + axis];
        }

        return offset * Widths[argument];
    }

    private static Shape WithoutInnermost(Shape shape) => shape.Rank == 0 ? shape : new Shape(shape.ToArray().AsSpan(0, shape.Rank - 1));
}
