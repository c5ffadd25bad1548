namespace Engine.Kernels.Lanes;

/// <summary>
/// One float32: the lane of the GPU kernels, so that nothing here may go beyond what ILGPU compiles
/// (no fused multiply-add among that: the machine's compiler fuses where it can).
/// </summary>
internal readonly struct FloatScalar(float value) : IScalarLane<FloatScalar>
{
    /// <summary>The value.</summary>
    public readonly float Value = value;

    public static bool IsDouble => false;

    public static FloatScalar Of(double value) => new((float)value);
    public static FloatScalar OfSingle(float value) => new(value);
    public static FloatScalar operator +(FloatScalar x, FloatScalar y) => new(x.Value + y.Value);
    public static FloatScalar operator -(FloatScalar x, FloatScalar y) => new(x.Value - y.Value);
    public static FloatScalar operator *(FloatScalar x, FloatScalar y) => new(x.Value * y.Value);
    public static FloatScalar operator /(FloatScalar x, FloatScalar y) => new(x.Value / y.Value);
    public static FloatScalar operator -(FloatScalar x) => new(-x.Value);
    public static FloatScalar MulAdd(FloatScalar x, FloatScalar y, FloatScalar z) => new(x.Value * y.Value + z.Value);
    public static FloatScalar Min(FloatScalar x, FloatScalar y) => x.Value < y.Value || float.IsNaN(x.Value) ? x : y;
    public static FloatScalar Max(FloatScalar x, FloatScalar y) => x.Value > y.Value || float.IsNaN(x.Value) ? x : y;
    public static FloatScalar Abs(FloatScalar x) => new(Bits.IntAsFloat(Bits.FloatAsInt(x.Value) & 0x7FFFFFFF));
    public static FloatScalar Sqrt(FloatScalar x) => new(MathF.Sqrt(x.Value));

    public static FloatScalar CopySign(FloatScalar x, FloatScalar sign) =>
        new(Bits.IntAsFloat((Bits.FloatAsInt(x.Value) & 0x7FFFFFFF) | (Bits.FloatAsInt(sign.Value) & int.MinValue)));

    public static bool IsLess(FloatScalar a, FloatScalar b) => a.Value < b.Value;

    public static FloatScalar SelectLess(FloatScalar a, FloatScalar b, FloatScalar then, FloatScalar otherwise) =>
        a.Value < b.Value ? then : otherwise;

    public static FloatScalar SelectEqual(FloatScalar a, FloatScalar b, FloatScalar then, FloatScalar otherwise) =>
        a.Value == b.Value ? then : otherwise;

    // At 1.5 * 2^23 the spacing of float is one: the sum is rounded to a whole number.
    public static FloatScalar Round(FloatScalar x) => new(x.Value + 12582912f - 12582912f);

    // 2^23 + k holds k in its lowest bits: one shift makes it the exponent.
    public static FloatScalar PowerOfTwo(FloatScalar n) => new(Bits.IntAsFloat(Bits.FloatAsInt(n.Value + 8388735f) << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatScalar Scale(FloatScalar x, FloatScalar n)
    {
        FloatScalar half = Round(new(n.Value * 0.5f));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    public static FloatScalar Exponent(FloatScalar x) => new((Bits.FloatAsInt(x.Value) >> 23) - 127);
    public static FloatScalar Mantissa(FloatScalar x) => new(Bits.IntAsFloat((Bits.FloatAsInt(x.Value) & 0x007FFFFF) | 0x3F800000));
}

/// <summary>
/// One float64: the lane of the GPU kernels, so that nothing here may go beyond what ILGPU compiles
/// (no fused multiply-add among that: the machine's compiler fuses where it can).
/// </summary>
internal readonly struct DoubleScalar(double value) : IScalarLane<DoubleScalar>
{
    /// <summary>The value.</summary>
    public readonly double Value = value;

    public static bool IsDouble => true;

    public static DoubleScalar Of(double value) => new(value);
    public static DoubleScalar OfSingle(float value) => new(value);
    public static DoubleScalar operator +(DoubleScalar x, DoubleScalar y) => new(x.Value + y.Value);
    public static DoubleScalar operator -(DoubleScalar x, DoubleScalar y) => new(x.Value - y.Value);
    public static DoubleScalar operator *(DoubleScalar x, DoubleScalar y) => new(x.Value * y.Value);
    public static DoubleScalar operator /(DoubleScalar x, DoubleScalar y) => new(x.Value / y.Value);
    public static DoubleScalar operator -(DoubleScalar x) => new(-x.Value);
    public static DoubleScalar MulAdd(DoubleScalar x, DoubleScalar y, DoubleScalar z) => new(x.Value * y.Value + z.Value);
    public static DoubleScalar Min(DoubleScalar x, DoubleScalar y) => x.Value < y.Value || double.IsNaN(x.Value) ? x : y;
    public static DoubleScalar Max(DoubleScalar x, DoubleScalar y) => x.Value > y.Value || double.IsNaN(x.Value) ? x : y;
    public static DoubleScalar Abs(DoubleScalar x) => new(Bits.LongAsDouble(Bits.DoubleAsLong(x.Value) & 0x7FFFFFFFFFFFFFFFL));
    public static DoubleScalar Sqrt(DoubleScalar x) => new(Math.Sqrt(x.Value));

    public static DoubleScalar CopySign(DoubleScalar x, DoubleScalar sign) =>
        new(Bits.LongAsDouble((Bits.DoubleAsLong(x.Value) & 0x7FFFFFFFFFFFFFFFL) | (Bits.DoubleAsLong(sign.Value) & long.MinValue)));

    public static bool IsLess(DoubleScalar a, DoubleScalar b) => a.Value < b.Value;

    public static DoubleScalar SelectLess(DoubleScalar a, DoubleScalar b, DoubleScalar then, DoubleScalar otherwise) =>
        a.Value < b.Value ? then : otherwise;

    public static DoubleScalar SelectEqual(DoubleScalar a, DoubleScalar b, DoubleScalar then, DoubleScalar otherwise) =>
        a.Value == b.Value ? then : otherwise;

    // At 1.5 * 2^52 the spacing of double is one: the sum is rounded to a whole number.
    public static DoubleScalar Round(DoubleScalar x) => new(x.Value + 6755399441055744d - 6755399441055744d);

    // 2^52 + k holds k in its lowest bits: one shift makes it the exponent.
    public static DoubleScalar PowerOfTwo(DoubleScalar n) => new(Bits.LongAsDouble(Bits.DoubleAsLong(n.Value + 4503599627371519d) << 52));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Scale(DoubleScalar x, DoubleScalar n)
    {
        DoubleScalar half = Round(new(n.Value * 0.5d));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    public static DoubleScalar Exponent(DoubleScalar x) => new((Bits.DoubleAsLong(x.Value) >> 52) - 1023);

    public static DoubleScalar Mantissa(DoubleScalar x) =>
        new(Bits.LongAsDouble((Bits.DoubleAsLong(x.Value) & 0x000FFFFFFFFFFFFFL) | 0x3FF0000000000000L));
}

/// <summary>The bits of a value as an integer, and back, by functions that ILGPU compiles to a move.</summary>
internal static class Bits
{
    internal static int FloatAsInt(float value) => (int)Interop.FloatAsInt(value);
    internal static float IntAsFloat(int bits) => Interop.IntAsFloat((uint)bits);
    internal static long DoubleAsLong(double value) => (long)Interop.FloatAsInt(value);
    internal static double LongAsDouble(long bits) => Interop.IntAsFloat((ulong)bits);
}
