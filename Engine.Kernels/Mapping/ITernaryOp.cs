using Engine.Kernels.Lanes;

namespace Engine.Kernels.Mapping;

/// <summary>An elementwise operation of three arguments; see <see cref="IUnaryOp"/>.</summary>
public interface ITernaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x, T y, T z) where T : unmanaged, ILane<T>;
}
