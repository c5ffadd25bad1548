using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gates;

/// <summary>How the second half b of a row gates the first, a: one definition in lanes for the host and for GPUs.</summary>
internal interface IGate
{
    /// <summary>y(a, b)</summary>
    T Apply<T>(T a, T b) where T : unmanaged, ILane<T>;

    /// <summary>The gradients of a and b from that of y.</summary>
    void Gradient<T>(T g, T a, T b, out T da, out T db) where T : unmanaged, ILane<T>;
}
