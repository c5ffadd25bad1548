using Engine.Kernels.Lanes;

namespace Engine.Kernels.Mapping;

/// <summary>
/// An elementwise operation that renews up to four arrays in place from one more in one pass over memory: what an optimiser does
/// with a parameter, what it remembers of it, and its gradient.
/// </summary>
public interface IUpdateOp
{
    /// <summary>The number of arrays that are renewed: 1 to 4.</summary>
    static abstract int States { get; }

    /// <summary>Renews the states; those past <see cref="States"/> are not used.</summary>
    void Apply<T>(ref T first, ref T second, ref T third, ref T fourth, T x) where T : unmanaged, ILane<T>;
}
