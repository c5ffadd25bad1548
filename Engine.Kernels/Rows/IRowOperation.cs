using System.Numerics;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Rows;

/// <summary>What is done to one row that needs a look at the whole row before an element of it can be written.</summary>
internal unsafe interface IRowOperation
{
    /// <summary>
    /// Computes <paramref name="count"/> elements of <paramref name="output"/> from those of <paramref name="a"/> and <paramref name="b"/>;
    /// it may be either.
    /// </summary>
    static abstract void Row<T, V>(T* a, T* b, T* output, int count)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>;
}
