namespace Engine.Kernels.Lanes;

/// <summary>
/// A value, or a vector of values, that elementwise kernels compute with: one definition of an operation runs on vectors
/// of 512, 256 and 128 bits on the host and on scalars in a GPU kernel. Comparison and choice come as one operation, so that no mask type
/// is needed. What is written in lanes must be branch-free.
/// </summary>
/// <typeparam name="TSelf">The lane type itself.</typeparam>
public interface ILane<TSelf> where TSelf : unmanaged, ILane<TSelf>
{
    /// <summary>True for float64, false for float32: chooses the coefficients of a series.</summary>
    static abstract bool IsDouble { get; }

    /// <summary><paramref name="value"/>, rounded to the lane's type, in every place.</summary>
    static abstract TSelf Of(double value);

    /// <summary><paramref name="value"/> in every place.</summary>
    static abstract TSelf OfSingle(float value);

    /// <summary>x + y.</summary>
    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>x - y.</summary>
    static abstract TSelf operator -(TSelf x, TSelf y);

    /// <summary>x * y.</summary>
    static abstract TSelf operator *(TSelf x, TSelf y);

    /// <summary>x / y, correctly rounded.</summary>
    static abstract TSelf operator /(TSelf x, TSelf y);

    /// <summary>-x.</summary>
    static abstract TSelf operator -(TSelf x);

    /// <summary>x * y + z: rounded once where the machine fuses, twice where it does not.</summary>
    static abstract TSelf MulAdd(TSelf x, TSelf y, TSelf z);

    /// <summary>The smaller one; NaN if either is.</summary>
    static abstract TSelf Min(TSelf x, TSelf y);

    /// <summary>The larger one; NaN if either is.</summary>
    static abstract TSelf Max(TSelf x, TSelf y);

    /// <summary>|x|.</summary>
    static abstract TSelf Abs(TSelf x);

    /// <summary>The square root, correctly rounded.</summary>
    static abstract TSelf Sqrt(TSelf x);

    /// <summary>The magnitude of <paramref name="x"/> with the sign of <paramref name="sign"/>.</summary>
    static abstract TSelf CopySign(TSelf x, TSelf sign);

    /// <summary>a &lt; b ? then : otherwise, in each place; false when either is NaN.</summary>
    static abstract TSelf SelectLess(TSelf a, TSelf b, TSelf then, TSelf otherwise);

    /// <summary>a == b ? then : otherwise, in each place; false when either is NaN.</summary>
    static abstract TSelf SelectEqual(TSelf a, TSelf b, TSelf then, TSelf otherwise);

    /// <summary>The nearest whole number, ties to even, for |x| &lt; 2^22 (float32) or 2^51 (float64).</summary>
    static abstract TSelf Round(TSelf x);

    /// <summary>2^n for a whole-numbered <paramref name="n"/> in the range of normal exponents (-126..127, or -1022..1023).</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary>
    /// x 2^n, rounded once, for a whole-numbered <paramref name="n"/> of at most twice the range of normal exponents
    /// (-252..254, or -2044..2046) and 1/2 &lt;= |x| &lt;= 2: the result may be subnormal, zero or infinite.
    /// </summary>
    static abstract TSelf Scale(TSelf x, TSelf n);

    /// <summary>The exponent e of a positive normal x = m 2^e with m in [1, 2).</summary>
    static abstract TSelf Exponent(TSelf x);

    /// <summary>The m in [1, 2) of a positive normal x = m 2^e.</summary>
    static abstract TSelf Mantissa(TSelf x);
}

/// <summary>A lane that is a single value: kernels for GPUs may branch on it.</summary>
/// <typeparam name="TSelf">The lane type itself.</typeparam>
internal interface IScalarLane<TSelf> : ILane<TSelf> where TSelf : unmanaged, IScalarLane<TSelf>
{
    /// <summary>a &lt; b; false when either is NaN.</summary>
    static abstract bool IsLess(TSelf a, TSelf b);
}

/// <summary>A lane that is a vector in host memory.</summary>
/// <typeparam name="TSelf">The lane type itself.</typeparam>
/// <typeparam name="T">The type of its elements: float or double.</typeparam>
internal unsafe interface IVectorLane<TSelf, T> : ILane<TSelf>
    where TSelf : unmanaged, IVectorLane<TSelf, T>
    where T : unmanaged
{
    /// <summary>The number of elements.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> elements; no alignment is needed.</summary>
    static abstract TSelf Load(T* source);

    /// <summary>
    /// Reads <paramref name="count"/> elements, fewer than <see cref="Count"/>, and touches no memory beyond; the rest is
    /// <paramref name="padding"/>.
    /// </summary>
    static abstract TSelf LoadFirst(T* source, int count, TSelf padding);

    /// <summary>Writes <see cref="Count"/> elements; no alignment is needed.</summary>
    static abstract void Store(TSelf value, T* destination);

    /// <summary>Reads <see cref="Count"/> unsigned integers, shifts each right and converts it, rounded where it does not fit.</summary>
    static abstract TSelf LoadWords(uint* source, int shift);

    /// <summary><paramref name="value"/> in every place.</summary>
    static abstract TSelf Fill(T value);
}

/// <summary>
/// A constant that an operation keeps in a field, in both types. A double would be converted for each vector anew, in the innermost loop;
/// literals and the constants of a series need no such thing, since the compiler converts them.
/// </summary>
/// <param name="value">The value.</param>
public readonly struct LaneConstant(double value)
{
    private readonly double _double = value;
    private readonly float _single = (float)value;

    /// <summary>The value.</summary>
    internal double Value => _double;

    /// <summary>The value, rounded to the lane's type, in every place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T As<T>() where T : unmanaged, ILane<T> => T.IsDouble ? T.Of(_double) : T.OfSingle(_single);
}
