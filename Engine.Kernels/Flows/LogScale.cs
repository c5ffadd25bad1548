using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Flows;

/// <summary>How a network's raw output becomes a log-scale.</summary>
internal interface ILogScale
{
    static abstract T Of<T>(T raw, T bound) where T : unmanaged, ILane<T>;

    /// <summary>The derivative with respect to the raw output.</summary>
    static abstract T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T>;
}

/// <summary>s = bound tanh(raw / bound), which never leaves (-bound, bound).</summary>
internal readonly struct BoundedLogScale : ILogScale
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T raw, T bound) where T : unmanaged, ILane<T> => bound * LaneMath.Tanh(raw / bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T>
    {
        T t = LaneMath.Tanh(raw / bound);
        return T.Of(1) - (t * t);
    }
}

/// <summary>s = raw.</summary>
internal readonly struct FreeLogScale : ILogScale
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T raw, T bound) where T : unmanaged, ILane<T> => raw;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T raw, T bound) where T : unmanaged, ILane<T> => T.Of(1);
}
