using Engine.Kernels.Lanes;

namespace Engine.Kernels;

/// <summary>
/// An elementwise operation that renews up to three arrays in place from a fourth in one pass over memory: what an optimiser does
/// with a parameter, its moments and its gradient.
/// </summary>
public interface IUpdateOp
{
    /// <summary>The number of arrays that are renewed: 1 to 3.</summary>
    static abstract int States { get; }

    /// <summary>Renews the states; those past <see cref="States"/> are not used.</summary>
    void Apply<T>(ref T first, ref T second, ref T third, T x) where T : unmanaged, ILane<T>;
}
