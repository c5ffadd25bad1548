using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>2 elements of float64 in a 128-bit vector.</summary>
internal readonly struct Double128(Vector128<double> value) : IVectorLane<Double128, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector128<double> Value = value;

    public static bool IsDouble => true;

    public static int Count => Vector128<double>.Count;

    [MethodImpl(Inline)] public static Double128 Of(double value) => new(Vector128.Create(value));
    [MethodImpl(Inline)] public static Double128 OfSingle(float value) => new(Vector128.Create((double)value));
    [MethodImpl(Inline)] public static Double128 Fill(double value) => new(Vector128.Create(value));
    [MethodImpl(Inline)] public static unsafe Double128 Load(double* source) => new(Vector128.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Double128 LoadFirst(double* source, int count, Double128 padding)
    {
        return count > 0 ? new(padding.Value.WithElement(0, *source)) : padding;
    }

    [MethodImpl(Inline)] public static unsafe void Store(Double128 value, double* destination) => value.Value.Store(destination);

    // 2^52 + k holds k in its lowest bits.
    [MethodImpl(Inline)]
    public static unsafe Double128 LoadWords(uint* source, int shift)
    {
        Vector128<uint> words = Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt32() >>> shift;
        Vector128<double> biased = (Vector128.WidenLower(words) | Vector128.Create(4503599627370496d).AsUInt64()).AsDouble();
        return new(biased - Vector128.Create(4503599627370496d));
    }

    [MethodImpl(Inline)] public static Double128 operator +(Double128 x, Double128 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Double128 operator -(Double128 x, Double128 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Double128 operator *(Double128 x, Double128 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Double128 operator /(Double128 x, Double128 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Double128 operator -(Double128 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Double128 MulAdd(Double128 x, Double128 y, Double128 z) => new(Vector128.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Double128 Min(Double128 x, Double128 y) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Double128 Max(Double128 x, Double128 y) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Double128 Abs(Double128 x) => new(Vector128.Abs(x.Value));
    [MethodImpl(Inline)] public static Double128 Sqrt(Double128 x) => new(Vector128.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Double128 CopySign(Double128 x, Double128 sign) =>
        new(Vector128.ConditionalSelect(Vector128.Create(-0.0), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Double128 SelectLess(Double128 a, Double128 b, Double128 then, Double128 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Double128 SelectEqual(Double128 a, Double128 b, Double128 then, Double128 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Double128 Round(Double128 x) => new(Vector128.Round(x.Value));

    // 2^52 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Double128 PowerOfTwo(Double128 n) => new(((n.Value + Vector128.Create(4503599627371519d)).AsInt64() << 52).AsDouble());

    [MethodImpl(Inline)]
    public static Double128 Scale(Double128 x, Double128 n)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(x.Value, n.Value));
        Double128 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Double128 Exponent(Double128 x)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.GetExponent(x.Value));
        return new((x.Value.AsInt64() >>> 52 | Vector128.Create(4503599627370496d).AsInt64()).AsDouble()
            - Vector128.Create(4503599627371519d));
    }

    [MethodImpl(Inline)]
    public static Double128 Mantissa(Double128 x) =>
        new((x.Value.AsInt64() & Vector128.Create(0x000FFFFFFFFFFFFFL) | Vector128.Create(0x3FF0000000000000L)).AsDouble());
}
