namespace Engine.Kernels.Lanes;

/// <summary>
/// Two vectors side by side as one of twice as many elements: what adds up across a vector gives the same bits on processors with 256-bit
/// vectors as with 512-bit ones, because both have the same number of partial sums.
/// </summary>
internal readonly unsafe struct Pair<V, T>(V low, V high) : IVectorLane<Pair<V, T>, T>
    where V : unmanaged, IVectorLane<V, T>
    where T : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly V _low = low, _high = high;

    public static bool IsDouble => V.IsDouble;

    public static int Count => 2 * V.Count;

    [MethodImpl(Inline)] public static Pair<V, T> Of(double value) => new(V.Of(value), V.Of(value));
    [MethodImpl(Inline)] public static Pair<V, T> OfSingle(float value) => new(V.OfSingle(value), V.OfSingle(value));
    [MethodImpl(Inline)] public static Pair<V, T> Fill(T value) => new(V.Fill(value), V.Fill(value));
    [MethodImpl(Inline)] public static Pair<V, T> Load(T* source) => new(V.Load(source), V.Load(source + V.Count));

    [MethodImpl(Inline)]
    public static void Store(Pair<V, T> value, T* destination)
    {
        V.Store(value._low, destination);
        V.Store(value._high, destination + V.Count);
    }

    [MethodImpl(Inline)]
    public static Pair<V, T> LoadWords(uint* source, int shift) =>
        new(V.LoadWords(source, shift), V.LoadWords(source + V.Count, shift));

    [MethodImpl(Inline)] public static Pair<V, T> operator +(Pair<V, T> x, Pair<V, T> y) => new(x._low + y._low, x._high + y._high);
    [MethodImpl(Inline)] public static Pair<V, T> operator -(Pair<V, T> x, Pair<V, T> y) => new(x._low - y._low, x._high - y._high);
    [MethodImpl(Inline)] public static Pair<V, T> operator *(Pair<V, T> x, Pair<V, T> y) => new(x._low * y._low, x._high * y._high);
    [MethodImpl(Inline)] public static Pair<V, T> operator /(Pair<V, T> x, Pair<V, T> y) => new(x._low / y._low, x._high / y._high);
    [MethodImpl(Inline)] public static Pair<V, T> operator -(Pair<V, T> x) => new(-x._low, -x._high);

    [MethodImpl(Inline)]
    public static Pair<V, T> MulAdd(Pair<V, T> x, Pair<V, T> y, Pair<V, T> z) =>
        new(V.MulAdd(x._low, y._low, z._low), V.MulAdd(x._high, y._high, z._high));

    [MethodImpl(Inline)] public static Pair<V, T> Min(Pair<V, T> x, Pair<V, T> y) => new(V.Min(x._low, y._low), V.Min(x._high, y._high));
    [MethodImpl(Inline)] public static Pair<V, T> Max(Pair<V, T> x, Pair<V, T> y) => new(V.Max(x._low, y._low), V.Max(x._high, y._high));
    [MethodImpl(Inline)] public static Pair<V, T> Abs(Pair<V, T> x) => new(V.Abs(x._low), V.Abs(x._high));
    [MethodImpl(Inline)] public static Pair<V, T> Sqrt(Pair<V, T> x) => new(V.Sqrt(x._low), V.Sqrt(x._high));

    [MethodImpl(Inline)]
    public static Pair<V, T> CopySign(Pair<V, T> x, Pair<V, T> sign) =>
        new(V.CopySign(x._low, sign._low), V.CopySign(x._high, sign._high));

    [MethodImpl(Inline)]
    public static Pair<V, T> SelectLess(Pair<V, T> a, Pair<V, T> b, Pair<V, T> then, Pair<V, T> otherwise) =>
        new(V.SelectLess(a._low, b._low, then._low, otherwise._low), V.SelectLess(a._high, b._high, then._high, otherwise._high));

    [MethodImpl(Inline)]
    public static Pair<V, T> SelectEqual(Pair<V, T> a, Pair<V, T> b, Pair<V, T> then, Pair<V, T> otherwise) =>
        new(V.SelectEqual(a._low, b._low, then._low, otherwise._low), V.SelectEqual(a._high, b._high, then._high, otherwise._high));

    [MethodImpl(Inline)] public static Pair<V, T> Round(Pair<V, T> x) => new(V.Round(x._low), V.Round(x._high));
    [MethodImpl(Inline)] public static Pair<V, T> PowerOfTwo(Pair<V, T> n) => new(V.PowerOfTwo(n._low), V.PowerOfTwo(n._high));
    [MethodImpl(Inline)]
    public static Pair<V, T> Scale(Pair<V, T> x, Pair<V, T> n) => new(V.Scale(x._low, n._low), V.Scale(x._high, n._high));

    [MethodImpl(Inline)] public static Pair<V, T> Exponent(Pair<V, T> x) => new(V.Exponent(x._low), V.Exponent(x._high));
    [MethodImpl(Inline)] public static Pair<V, T> Mantissa(Pair<V, T> x) => new(V.Mantissa(x._low), V.Mantissa(x._high));
}
