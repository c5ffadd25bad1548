namespace Engine.Kernels.Pool;

/// <summary>
/// A fold over the elements of a window, row by row. Beside the value it keeps a position: the index of a place in the window, held in the
/// same element type, so that vectors of channels select without leaving their lanes.
/// </summary>
internal interface IWindowFold
{
    /// <summary>Whether each window comes with a position.</summary>
    static abstract bool ReadsPositions { get; }

    /// <summary>The value before the first element.</summary>
    V Start<V>() where V : unmanaged, ILane<V>;

    /// <summary>Adds one element.</summary>
    /// <param name="value">The value so far.</param>
    /// <param name="position">The position so far.</param>
    /// <param name="x">The element.</param>
    /// <param name="place">Its place in the window.</param>
    void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V>;

    /// <summary>As <see cref="Next"/> for elements that are not NaN; where one is, the position may be that of another.</summary>
    void NextOrdered<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V>;

    /// <summary>The result.</summary>
    V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V>;
}

/// <summary>What a window contributes to each of its places: the transpose of a linear fold.</summary>
internal interface IWindowSpread
{
    /// <summary>Whether each window comes with a position.</summary>
    static abstract bool ReadsPositions { get; }

    /// <summary>What a place gets from a window.</summary>
    /// <param name="g">The window's element.</param>
    /// <param name="position">Its position.</param>
    /// <param name="place">The place in the window.</param>
    /// <param name="divisor">The window's divisor.</param>
    V Term<V>(V g, V position, V place, V divisor) where V : unmanaged, ILane<V>;
}

/// <summary>sum(x) / divisor</summary>
internal readonly struct AverageFold : IWindowFold
{
    public static bool ReadsPositions => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Start<V>() where V : unmanaged, ILane<V> => V.Of(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> => value += x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NextOrdered<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> => value += x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V> => value / divisor;
}

/// <summary>sum(x)</summary>
internal readonly struct SumFold : IWindowFold
{
    public static bool ReadsPositions => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Start<V>() where V : unmanaged, ILane<V> => V.Of(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> => value += x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NextOrdered<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> => value += x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V> => value;
}

/// <summary>The largest element and the place of its first occurrence; NaN if any element is NaN, and the place of the first NaN.</summary>
internal readonly struct MaximumFold : IWindowFold
{
    public static bool ReadsPositions => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Start<V>() where V : unmanaged, ILane<V> => V.Of(double.NegativeInfinity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V>
    {
        V larger = V.Max(value, x);

        // A NaN is equal to nothing: without the outer choice each element after it would take its place.
        position = V.SelectEqual(value, value, V.SelectEqual(larger, value, position, place), position);
        value = larger;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NextOrdered<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V>
    {
        V larger = V.Max(value, x);
        position = V.SelectEqual(larger, value, position, place);
        value = larger;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V> => value;
}

/// <summary>The element at the position.</summary>
internal readonly struct PickFold : IWindowFold
{
    public static bool ReadsPositions => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Start<V>() where V : unmanaged, ILane<V> => V.Of(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> =>
        value = V.SelectEqual(position, place, x, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NextOrdered<V>(ref V value, ref V position, V x, V place) where V : unmanaged, ILane<V> =>
        value = V.SelectEqual(position, place, x, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Finish<V>(V value, V divisor) where V : unmanaged, ILane<V> => value;
}

/// <summary>g / divisor, at every place: the transpose of <see cref="AverageFold"/>.</summary>
internal readonly struct AverageSpread : IWindowSpread
{
    public static bool ReadsPositions => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V g, V position, V place, V divisor) where V : unmanaged, ILane<V> => g / divisor;
}

/// <summary>g, at every place: the transpose of <see cref="SumFold"/>.</summary>
internal readonly struct SumSpread : IWindowSpread
{
    public static bool ReadsPositions => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V g, V position, V place, V divisor) where V : unmanaged, ILane<V> => g;
}

/// <summary>g at the position, 0 elsewhere: the transpose of <see cref="PickFold"/>.</summary>
internal readonly struct PickSpread : IWindowSpread
{
    public static bool ReadsPositions => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Term<V>(V g, V position, V place, V divisor) where V : unmanaged, ILane<V> => V.SelectEqual(position, place, g, V.Of(0));
}
