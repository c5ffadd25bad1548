using Engine.Kernels.Devices;

namespace Engine.Kernels.Movement;

/// <summary>A <see cref="StridedCopy"/> as GPU kernels take it.</summary>
internal readonly struct CopyWalk
{
    internal readonly int Rank;
    internal readonly SixInts Extents, From, To;

    internal CopyWalk(in StridedCopy copy)
    {
        Span<int> extents = stackalloc int[Shape.MaxRank];
        Span<int> from = stackalloc int[Shape.MaxRank];
        Span<int> to = stackalloc int[Shape.MaxRank];
        Rank = copy.Rank;
        for (int axis = 0; axis < Rank; axis++) (extents[axis], from[axis], to[axis]) = (copy.Extent(axis), copy.From(axis), copy.To(axis));
        Extents = new(extents);
        From = new(from);
        To = new(to);
    }
}
