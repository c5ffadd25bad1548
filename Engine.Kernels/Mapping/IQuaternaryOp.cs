using Engine.Kernels.Lanes;

namespace Engine.Kernels.Mapping;

/// <summary>An elementwise operation of four arguments; see <see cref="IUnaryOp"/>.</summary>
public interface IQuaternaryOp
{
    /// <summary>
    /// The operation on every place of a lane; no branches. Mark it for aggressive inlining: it stands in the innermost loop.
    /// </summary>
    T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T>;
}
