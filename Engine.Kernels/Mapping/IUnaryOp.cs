using Engine.Kernels.Lanes;

namespace Engine.Kernels.Mapping;

/// <summary>An elementwise operation of one argument. Written once in lanes, it runs as SIMD on the host and as a GPU kernel.</summary>
public interface IUnaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x) where T : unmanaged, ILane<T>;
}
