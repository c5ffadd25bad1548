using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>4 elements of float64 in a 256-bit vector.</summary>
internal readonly struct Double256(Vector256<double> value) : IVectorLane<Double256, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector256<double> Value = value;

    public static bool IsDouble => true;

    public static int Count => Vector256<double>.Count;

    [MethodImpl(Inline)] public static Double256 Of(double value) => new(Vector256.Create(value));
    [MethodImpl(Inline)] public static Double256 OfSingle(float value) => new(Vector256.Create((double)value));
    [MethodImpl(Inline)] public static Double256 Fill(double value) => new(Vector256.Create(value));
    [MethodImpl(Inline)] public static unsafe Double256 Load(double* source) => new(Vector256.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Double256 LoadFirst(double* source, int count, Double256 padding)
    {
        if (!Avx.IsSupported) return PartialVector.Copied(source, count, padding);
        Vector256<double> mask = Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)count)).AsDouble();
        return new(Vector256.ConditionalSelect(mask, Avx.MaskLoad(source, mask), padding.Value));
    }

    [MethodImpl(Inline)] public static unsafe void Store(Double256 value, double* destination) => value.Value.Store(destination);

    // 2^52 + k holds k in its lowest bits.
    [MethodImpl(Inline)]
    public static unsafe Double256 LoadWords(uint* source, int shift)
    {
        Vector128<uint> words = Vector128.Load(source) >>> shift;
        (Vector128<ulong> low, Vector128<ulong> high) = Vector128.Widen(words);
        Vector256<double> biased = (Vector256.Create(low, high) | Vector256.Create(4503599627370496d).AsUInt64()).AsDouble();
        return new(biased - Vector256.Create(4503599627370496d));
    }

    [MethodImpl(Inline)] public static Double256 operator +(Double256 x, Double256 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Double256 operator -(Double256 x, Double256 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Double256 operator *(Double256 x, Double256 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Double256 operator /(Double256 x, Double256 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Double256 operator -(Double256 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Double256 MulAdd(Double256 x, Double256 y, Double256 z) => new(Vector256.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Double256 Min(Double256 x, Double256 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Double256 Max(Double256 x, Double256 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Double256 Abs(Double256 x) => new(Vector256.Abs(x.Value));
    [MethodImpl(Inline)] public static Double256 Sqrt(Double256 x) => new(Vector256.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Double256 CopySign(Double256 x, Double256 sign) =>
        new(Vector256.ConditionalSelect(Vector256.Create(-0.0), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Double256 SelectLess(Double256 a, Double256 b, Double256 then, Double256 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Double256 SelectEqual(Double256 a, Double256 b, Double256 then, Double256 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Double256 Round(Double256 x) => new(Vector256.Round(x.Value));

    // 2^52 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Double256 PowerOfTwo(Double256 n) => new(((n.Value + Vector256.Create(4503599627371519d)).AsInt64() << 52).AsDouble());

    [MethodImpl(Inline)]
    public static Double256 Scale(Double256 x, Double256 n)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(x.Value, n.Value));
        Double256 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Double256 Exponent(Double256 x)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.GetExponent(x.Value));
        return new((x.Value.AsInt64() >>> 52 | Vector256.Create(4503599627370496d).AsInt64()).AsDouble()
            - Vector256.Create(4503599627371519d));
    }

    [MethodImpl(Inline)]
    public static Double256 Mantissa(Double256 x) =>
        new((x.Value.AsInt64() & Vector256.Create(0x000FFFFFFFFFFFFFL) | Vector256.Create(0x3FF0000000000000L)).AsDouble());
}
