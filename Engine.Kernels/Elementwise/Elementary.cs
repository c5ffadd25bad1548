namespace Engine.Kernels.Elementwise;

/// <summary>e^x.</summary>
public readonly struct Exp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Exp(x);
}

/// <summary>The natural logarithm of x: -infinity at 0, NaN below.</summary>
public readonly struct Log : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Log(x);
}

/// <summary>sin x, x in radians.</summary>
public readonly struct Sin : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Sin(x);
}

/// <summary>cos x, x in radians.</summary>
public readonly struct Cos : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Cos(x);
}

/// <summary>The error function 2/sqrt(pi) times the integral of e^(-t²) from 0 to x.</summary>
public readonly struct Erf : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T> => LaneMath.Erf(x);
}
