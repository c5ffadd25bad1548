namespace Engine.Kernels.Reductions;

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
