using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>8 elements of float64 in a 512-bit vector.</summary>
internal readonly struct Double512(Vector512<double> value) : IVectorLane<Double512, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector512<double> Value = value;

    public static bool IsDouble => true;

    public static int Count => Vector512<double>.Count;

    [MethodImpl(Inline)] public static Double512 Of(double value) => new(Vector512.Create(value));
    [MethodImpl(Inline)] public static Double512 OfSingle(float value) => new(Vector512.Create((double)value));
    [MethodImpl(Inline)] public static Double512 Fill(double value) => new(Vector512.Create(value));
    [MethodImpl(Inline)] public static unsafe Double512 Load(double* source) => new(Vector512.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Double512 LoadFirst(double* source, int count, Double512 padding) => new(Vector512.Create(
        Double256.LoadFirst(source, count, new(padding.Value.GetLower())).Value,
        Double256.LoadFirst(source + Double256.Count, count - Double256.Count, new(padding.Value.GetUpper())).Value));

    [MethodImpl(Inline)] public static unsafe void Store(Double512 value, double* destination) => value.Value.Store(destination);

    // 2^52 + k holds k in its lowest bits.
    [MethodImpl(Inline)]
    public static unsafe Double512 LoadWords(uint* source, int shift)
    {
        Vector256<uint> words = Vector256.Load(source) >>> shift;
        (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(words);
        Vector512<double> biased = (Vector512.Create(low, high) | Vector512.Create(4503599627370496d).AsUInt64()).AsDouble();
        return new(biased - Vector512.Create(4503599627370496d));
    }

    [MethodImpl(Inline)] public static Double512 operator +(Double512 x, Double512 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Double512 operator -(Double512 x, Double512 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Double512 operator *(Double512 x, Double512 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Double512 operator /(Double512 x, Double512 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Double512 operator -(Double512 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Double512 MulAdd(Double512 x, Double512 y, Double512 z) => new(Vector512.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Double512 Min(Double512 x, Double512 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Double512 Max(Double512 x, Double512 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Double512 Abs(Double512 x) => new(Vector512.Abs(x.Value));
    [MethodImpl(Inline)] public static Double512 Sqrt(Double512 x) => new(Vector512.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Double512 CopySign(Double512 x, Double512 sign) =>
        new(Vector512.ConditionalSelect(Vector512.Create(-0.0), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Double512 SelectLess(Double512 a, Double512 b, Double512 then, Double512 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Double512 SelectEqual(Double512 a, Double512 b, Double512 then, Double512 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Double512 Round(Double512 x) => new(Vector512.Round(x.Value));

    // 2^52 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Double512 PowerOfTwo(Double512 n) => new(((n.Value + Vector512.Create(4503599627371519d)).AsInt64() << 52).AsDouble());

    [MethodImpl(Inline)]
    public static Double512 Scale(Double512 x, Double512 n)
    {
        if (Avx512F.IsSupported) return new(Avx512F.Scale(x.Value, n.Value));
        Double512 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Double512 Exponent(Double512 x)
    {
        if (Avx512F.IsSupported) return new(Avx512F.GetExponent(x.Value));
        return new((x.Value.AsInt64() >>> 52 | Vector512.Create(4503599627370496d).AsInt64()).AsDouble()
            - Vector512.Create(4503599627371519d));
    }

    [MethodImpl(Inline)]
    public static Double512 Mantissa(Double512 x) =>
        new((x.Value.AsInt64() & Vector512.Create(0x000FFFFFFFFFFFFFL) | Vector512.Create(0x3FF0000000000000L)).AsDouble());
}
