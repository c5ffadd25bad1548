namespace Engine.Kernels.Losses;

/// <summary>(x - y)², from (x, y).</summary>
public readonly struct SquaredError : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T>
    {
        T distance = x - y;
        return distance * distance;
    }
}

/// <summary>dx = 2 g (x - y), from (g, x, y).</summary>
public readonly struct SquaredErrorGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T y) where T : unmanaged, ILane<T> => T.Of(2) * g * (x - y);
}

/// <summary>|x - y|, from (x, y).</summary>
public readonly struct AbsoluteError : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.Abs(x - y);
}

/// <summary>dx = g where x > y, -g where x &lt; y, 0 where they are equal, from (g, x, y).</summary>
public readonly struct AbsoluteErrorGradient : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T g, T x, T y) where T : unmanaged, ILane<T> => T.SelectLess(y, x, g, T.SelectLess(x, y, -g, T.Of(0)));
}
