namespace Engine.Kernels.Reductions;

/// <summary>
/// A reduction with its axes sorted and merged. Only two kinds are left. Rows: the innermost axis is reduced, and each output is a
/// sum over contiguous pieces. Columns: the innermost axis is kept, and neighbouring outputs are computed side by side.
/// </summary>
internal readonly struct ReducePlan
{
    /// <summary>The axes outside the inner one that stay.</summary>
    internal readonly AxisWalk Kept;

    /// <summary>The axes outside the inner one that are reduced.</summary>
    internal readonly AxisWalk Summed;

    /// <summary>Plans a reduction of a row-major array.</summary>
    /// <param name="shape">The shape of the array.</param>
    /// <param name="reduced">Bit i says that axis i is reduced.</param>
    internal ReducePlan(Shape shape, int reduced)
    {
        // The innermost axes of one kind are the inner axis; an extent of 1 is of either kind.
        int axis = shape.Rank - 1;
        int inner = 1;
        InnerReduced = true;
        bool known = false;
        for (; axis >= 0; axis--)
        {
            bool axisReduced = (reduced & (1 << axis)) != 0;
            if (shape[axis] != 1)
            {
                if (known && axisReduced != InnerReduced) break;
                (known, InnerReduced) = (true, axisReduced);
            }

            inner *= shape[axis];
        }

        Inner = inner;
        AxisWalk kept = new();
        AxisWalk summed = new();
        for (int i = 0; i <= axis; i++)
        {
            if ((reduced & (1 << i)) != 0) summed.Add(shape[i], shape.Stride(i));
            else kept.Add(shape[i], shape.Stride(i));
        }

        Kept = kept;
        Summed = summed;
    }

    /// <summary>
    /// The plan that adds up <paramref name="parts"/> partial results of each output, which lie side by side (rows) or under each other
    /// (columns).
    /// </summary>
    internal ReducePlan(int outer, int parts, int inner, bool innerReduced)
    {
        InnerReduced = innerReduced;
        AxisWalk kept = new();
        AxisWalk summed = new();
        kept.Add(outer, parts * inner);
        if (innerReduced)
        {
            Inner = parts;
        }
        else
        {
            Inner = inner;
            summed.Add(parts, inner);
        }

        Kept = kept;
        Summed = summed;
    }

    /// <summary>The extent of the innermost axis, contiguous in memory.</summary>
    internal int Inner { get; }

    /// <summary>Whether the innermost axis is reduced.</summary>
    internal bool InnerReduced { get; }

    /// <summary>The number of outputs.</summary>
    internal int Outputs => InnerReduced ? Kept.Count : Kept.Count * Inner;

    /// <summary>The number of elements that make up one output.</summary>
    internal int Terms => InnerReduced ? Summed.Count * Inner : Summed.Count;
}

/// <summary>
/// Some axes of an array, outermost first: turns a running index over them into an offset in elements. Axes of extent 1 are
/// dropped and axes that follow one another in memory become one, so that most walks end up with one axis or none.
/// </summary>
internal unsafe struct AxisWalk
{
    private fixed int _extents[Shape.MaxRank];
    private fixed int _strides[Shape.MaxRank];

    public AxisWalk()
    {
        Count = 1;
    }

    internal int Rank { get; private set; }

    /// <summary>The number of positions: the product of the extents.</summary>
    internal int Count { get; private set; }

    internal readonly int Extent(int axis) => _extents[axis];

    internal readonly int Stride(int axis) => _strides[axis];

    /// <summary>Adds the next axis inwards.</summary>
    internal void Add(int extent, int stride)
    {
        Count *= extent;
        if (extent == 1) return;
        if (Rank > 0 && _strides[Rank - 1] == (long)extent * stride)
        {
            _extents[Rank - 1] *= extent;
            _strides[Rank - 1] = stride;
            return;
        }

        _extents[Rank] = extent;
        _strides[Rank++] = stride;
    }

    /// <summary>The offset of the position with a running index, innermost axis fastest.</summary>
    internal readonly nint Offset(int index)
    {
        if (Rank == 0) return 0;
        nint offset = 0;
        for (int axis = Rank - 1; axis > 0; axis--)
        {
            (index, int position) = Math.DivRem(index, _extents[axis]);
            offset += (nint)position * _strides[axis];
        }

        return offset + ((nint)index * _strides[0]);
    }

    /// <summary>How many positions from <paramref name="index"/> on are <see cref="InnerStride"/> apart.</summary>
    internal readonly int RunFrom(int index) => Rank == 0 ? 1 : _extents[Rank - 1] - (index % _extents[Rank - 1]);

    /// <summary>The distance of neighbours along the innermost axis.</summary>
    internal readonly int InnerStride => Rank == 0 ? 0 : _strides[Rank - 1];
}
