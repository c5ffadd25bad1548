using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

/// <summary>
/// One number of float64: the lane of the GPU kernels, so that nothing here may go beyond what ILGPU compiles
/// (no fused multiply-add among that: the machine's compiler fuses where it can).
/// </summary>
internal readonly struct DoubleScalar(double value) : IScalarLane<DoubleScalar>
{
    /// <summary>The number.</summary>
    public readonly double Value = value;

    public static bool IsDouble => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Of(double value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar operator +(DoubleScalar x, DoubleScalar y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar operator -(DoubleScalar x, DoubleScalar y) => new(x.Value - y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar operator *(DoubleScalar x, DoubleScalar y) => new(x.Value * y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar operator /(DoubleScalar x, DoubleScalar y) => new(x.Value / y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar operator -(DoubleScalar x) => new(-x.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar MulAdd(DoubleScalar x, DoubleScalar y, DoubleScalar z) => new(x.Value * y.Value + z.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Min(DoubleScalar x, DoubleScalar y) => x.Value < y.Value || double.IsNaN(x.Value) ? x : y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Max(DoubleScalar x, DoubleScalar y) => x.Value > y.Value || double.IsNaN(x.Value) ? x : y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Abs(DoubleScalar x) => new(Bits.LongAsDouble(Bits.DoubleAsLong(x.Value) & 0x7FFFFFFFFFFFFFFFL));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Sqrt(DoubleScalar x) => new(Math.Sqrt(x.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar CopySign(DoubleScalar x, DoubleScalar sign) =>
        new(Bits.LongAsDouble((Bits.DoubleAsLong(x.Value) & 0x7FFFFFFFFFFFFFFFL) | (Bits.DoubleAsLong(sign.Value) & long.MinValue)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLess(DoubleScalar a, DoubleScalar b) => a.Value < b.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar SelectLess(DoubleScalar a, DoubleScalar b, DoubleScalar then, DoubleScalar otherwise) =>
        a.Value < b.Value ? then : otherwise;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar SelectEqual(DoubleScalar a, DoubleScalar b, DoubleScalar then, DoubleScalar otherwise) =>
        a.Value == b.Value ? then : otherwise;

    // At 1.5 * 2^52 the spacing of double is one: the sum is rounded to a whole number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Round(DoubleScalar x) => new(x.Value + 6755399441055744d - 6755399441055744d);

    // 2^52 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar PowerOfTwo(DoubleScalar n) => new(Bits.LongAsDouble(Bits.DoubleAsLong(n.Value + 4503599627371519d) << 52));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Scale(DoubleScalar x, DoubleScalar n)
    {
        DoubleScalar half = Round(new(n.Value * 0.5d));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Exponent(DoubleScalar x) => new((Bits.DoubleAsLong(x.Value) >> 52) - 1023);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleScalar Mantissa(DoubleScalar x) =>
        new(Bits.LongAsDouble((Bits.DoubleAsLong(x.Value) & 0x000FFFFFFFFFFFFFL) | 0x3FF0000000000000L));
}
