namespace Engine.Kernels.Movement;

/// <summary>
/// A copy between two arrays whose axes lie in memory in any way: what permutation, slicing and concatenation have in common.
/// Axes are given in the order of the destination, outermost first; axes that are neighbours in both arrays become one.
/// </summary>
internal unsafe struct StridedCopy
{
    private fixed int _extents[Shape.MaxRank];
    private fixed int _from[Shape.MaxRank];
    private fixed int _to[Shape.MaxRank];

    public StridedCopy()
    {
        Count = 1;
    }

    internal int Rank { get; private set; }

    /// <summary>The number of elements to copy.</summary>
    internal int Count { get; private set; }

    internal readonly int Extent(int axis) => _extents[axis];

    /// <summary>The distance of neighbours along an axis in the source, in elements.</summary>
    internal readonly int From(int axis) => _from[axis];

    /// <summary>The distance of neighbours along an axis in the destination, in elements.</summary>
    internal readonly int To(int axis) => _to[axis];

    /// <summary>Adds the next axis inwards.</summary>
    internal void Add(int extent, int from, int to)
    {
        Count *= extent;
        if (extent == 1) return;
        int outer = Rank - 1;
        if (outer >= 0 && _from[outer] == (long)extent * from && _to[outer] == (long)extent * to)
        {
            _extents[outer] *= extent;
            _from[outer] = from;
            _to[outer] = to;
            return;
        }

        _extents[Rank] = extent;
        _from[Rank] = from;
        _to[Rank++] = to;
    }

    /// <summary>The offsets in the source and in the destination of the element with a running index, innermost axis fastest.</summary>
    internal readonly void Offsets(int index, out nint from, out nint to)
    {
        from = to = 0;
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            (index, int position) = axis == 0 ? (0, index) : Math.DivRem(index, _extents[axis]);
            from += (nint)position * _from[axis];
            to += (nint)position * _to[axis];
        }
    }
}
