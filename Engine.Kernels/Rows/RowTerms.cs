namespace Engine.Kernels.Rows;

/// <summary>
/// What <see cref="RowSum"/> adds up over a row: sum(Term) + LogSign log(product(1 + Growth)). Where a term holds a log(1 + growth), the
/// product takes one logarithm for many elements instead of one for each.
/// </summary>
internal interface IRowTerm
{
    /// <summary>The number of arguments that are read; the others are not touched.</summary>
    static abstract int Arity { get; }

    /// <summary>Whether the logarithm is added (1), taken away (-1) or not there at all (0).</summary>
    static abstract int LogSign { get; }

    /// <summary>What is added for an element.</summary>
    V Term<V>(V x, V y, V z, V w) where V : unmanaged, ILane<V>;

    /// <summary>What one is added to and then multiplied for an element; from 0 to 1.</summary>
    V Growth<V>(V x, V y, V z, V w) where V : unmanaged, ILane<V>;
}

/// <summary>Adds up an elementwise operation.</summary>
internal readonly struct MapTerm<TOp>(TOp op) : IRowTerm where TOp : unmanaged, IMapOp
{
    // A field of its own, read by value: a captured parameter would be read by address, for which ILGPU keeps the struct in local memory.
    private readonly TOp _op = op;

    public static int Arity => TOp.Arity;

    public static int LogSign => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V x, V y, V z, V w) where V : unmanaged, ILane<V> => _op.Apply(x, y, z, w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Growth<V>(V x, V y, V z, V w) where V : unmanaged, ILane<V> => V.Of(0);
}

/// <summary>A term by itself: Term + LogSign log(1 + Growth), for each element.</summary>
internal readonly struct ElementMap<TTerm>(TTerm op) : IMapOp where TTerm : unmanaged, IRowTerm
{
    private readonly TTerm _op = op;

    public static int Arity => TTerm.Arity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x, T y, T z, T w) where T : unmanaged, ILane<T> =>
        TTerm.LogSign == 0 ? _op.Term(x, y, z, w)
            : T.MulAdd(T.Of(TTerm.LogSign), LaneMath.Log1p(_op.Growth(x, y, z, w)), _op.Term(x, y, z, w));
}
