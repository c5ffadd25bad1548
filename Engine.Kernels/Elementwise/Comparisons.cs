namespace Engine.Kernels.Elementwise;

/// <summary>1 where x &lt; y, 0 elsewhere and where either is NaN.</summary>
public readonly struct IsLess : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.SelectLess(x, y, T.Of(1), T.Of(0));
}

/// <summary>1 where x &lt;= y, 0 elsewhere and where either is NaN.</summary>
public readonly struct IsLessOrEqual : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.SelectEqual(x, y, T.Of(1), T.SelectLess(x, y, T.Of(1), T.Of(0)));
}

/// <summary>1 where x = y, 0 elsewhere and where either is NaN.</summary>
public readonly struct IsEqual : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.SelectEqual(x, y, T.Of(1), T.Of(0));
}

/// <summary>0 where x = y, 1 elsewhere and where either is NaN.</summary>
public readonly struct IsDifferent : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y) where T : unmanaged, ILane<T> => T.SelectEqual(x, y, T.Of(0), T.Of(1));
}

/// <summary>
/// otherwise where the condition is 0, then elsewhere: a choice, so that a NaN or infinity in the other argument stays out.
/// </summary>
public readonly struct Select : ITernaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T condition, T then, T otherwise) where T : unmanaged, ILane<T> =>
        T.SelectEqual(condition, T.Of(0), otherwise, then);
}

/// <summary>What a vector is divided by before it is squared: its largest magnitude, or 1 where that is 0, infinite or NaN.</summary>
internal readonly struct NormScale : IUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILane<T>
    {
        T one = T.Of(1);
        return T.SelectEqual(x, T.Of(0), one, T.SelectLess(x, T.Of(double.PositiveInfinity), x, one));
    }
}
