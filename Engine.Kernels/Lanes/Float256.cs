using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>8 elements of float32 in a 256-bit vector.</summary>
internal readonly struct Float256(Vector256<float> value) : IVectorLane<Float256, float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector256<float> Value = value;

    public static bool IsDouble => false;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(Inline)] public static Float256 Of(double value) => new(Vector256.Create((float)value));
    [MethodImpl(Inline)] public static Float256 OfSingle(float value) => new(Vector256.Create(value));
    [MethodImpl(Inline)] public static Float256 Fill(float value) => new(Vector256.Create(value));
    [MethodImpl(Inline)] public static unsafe Float256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Float256 LoadFirst(float* source, int count, Float256 padding)
    {
        if (!Avx.IsSupported) return PartialVector.Copied(source, count, padding);
        Vector256<float> mask = Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();
        return new(Vector256.ConditionalSelect(mask, Avx.MaskLoad(source, mask), padding.Value));
    }

    [MethodImpl(Inline)] public static unsafe void Store(Float256 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static unsafe Float256 LoadWords(uint* source, int shift)
    {
        // Integers that fit in 31 bits take the conversion that every machine has.
        Vector256<uint> words = Vector256.Load(source) >>> shift;
        return new(shift > 0 ? Vector256.ConvertToSingle(words.AsInt32()) : Vector256.ConvertToSingle(words));
    }

    [MethodImpl(Inline)] public static Float256 operator +(Float256 x, Float256 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Float256 operator -(Float256 x, Float256 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Float256 operator *(Float256 x, Float256 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Float256 operator /(Float256 x, Float256 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Float256 operator -(Float256 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Float256 MulAdd(Float256 x, Float256 y, Float256 z) => new(Vector256.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Float256 Min(Float256 x, Float256 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Float256 Max(Float256 x, Float256 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Float256 Abs(Float256 x) => new(Vector256.Abs(x.Value));
    [MethodImpl(Inline)] public static Float256 Sqrt(Float256 x) => new(Vector256.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Float256 CopySign(Float256 x, Float256 sign) =>
        new(Vector256.ConditionalSelect(Vector256.Create(-0f), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Float256 SelectLess(Float256 a, Float256 b, Float256 then, Float256 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Float256 SelectEqual(Float256 a, Float256 b, Float256 then, Float256 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Float256 Round(Float256 x) => new(Vector256.Round(x.Value));

    // 2^23 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Float256 PowerOfTwo(Float256 n) => new(((n.Value + Vector256.Create(8388735f)).AsInt32() << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Float256 Scale(Float256 x, Float256 n)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(x.Value, n.Value));
        Float256 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Float256 Exponent(Float256 x)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.GetExponent(x.Value));
        return new((x.Value.AsInt32() >>> 23 | Vector256.Create(8388608f).AsInt32()).AsSingle() - Vector256.Create(8388735f));
    }

    [MethodImpl(Inline)]
    public static Float256 Mantissa(Float256 x) =>
        new((x.Value.AsInt32() & Vector256.Create(0x007FFFFF) | Vector256.Create(0x3F800000)).AsSingle());
}
