namespace Engine.Kernels.Elementwise;

/// <summary>x</summary>
internal readonly struct Identity : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => x;
}

/// <summary>The gradient of <see cref="Identity"/>: g.</summary>
internal readonly struct IdentityGradient : IBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T y) where T : unmanaged, ILane<T> => g;
}
