using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels;

/// <summary>
/// Brings the numbers of a group of threads together in a tree in shared memory: half of the threads add the other half's numbers to
/// their own, then a quarter, and so on. The tree is the same at every run, so that its rounding is, too.
/// </summary>
internal static class GroupTree
{
    /// <summary>The most threads a group may have; their number must be a power of two.</summary>
    internal const int MaxThreads = 256;

    /// <summary>The threads for a row: few for a short one, so that they do not wait for each other more than they compute.</summary>
    internal static int ThreadsFor(int terms) => terms <= 1024 ? 64 : MaxThreads;

    /// <summary>The total of the group, for every thread of it; all of them have to call this.</summary>
    /// <param name="shared">Shared memory, a place for each thread; free again afterwards.</param>
    /// <param name="own">This thread's number.</param>
    /// <param name="op">What brings two numbers together.</param>
    internal static TLane Total<TLane, TOp>(ArrayView<TLane> shared, TLane own, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IReduction
    {
        int thread = Group.IdxX;
        shared[thread] = own;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (thread < half) shared[thread] = op.Combine(shared[thread], shared[thread + half]);
            Group.Barrier();
        }

        TLane total = shared[0];
        Group.Barrier();
        return total;
    }
}
