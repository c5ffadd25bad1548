using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm.Host;

/// <summary>What happens to the finished sums of a tile, while it is still in the nearest cache.</summary>
internal interface IEpilogue<T> where T : unmanaged
{
    /// <summary>The result from the sum over k and the bias of the column (0 where there is none).</summary>
    TV Apply<TV>(TV sum, TV bias) where TV : unmanaged, IVectorLane<TV, T>;
}
