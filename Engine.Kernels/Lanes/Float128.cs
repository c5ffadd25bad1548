using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>4 elements of float32 in a 128-bit vector.</summary>
internal readonly struct Float128(Vector128<float> value) : IVectorLane<Float128, float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector128<float> Value = value;

    public static bool IsDouble => false;

    public static int Count => Vector128<float>.Count;

    [MethodImpl(Inline)] public static Float128 Of(double value) => new(Vector128.Create((float)value));
    [MethodImpl(Inline)] public static Float128 OfSingle(float value) => new(Vector128.Create(value));
    [MethodImpl(Inline)] public static Float128 Fill(float value) => new(Vector128.Create(value));
    [MethodImpl(Inline)] public static unsafe Float128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Float128 LoadFirst(float* source, int count, Float128 padding)
    {
        if (!Avx.IsSupported)
        {
            Vector128<float> value = padding.Value;
            if (count > 0) value = value.WithElement(0, source[0]);
            if (count > 1) value = value.WithElement(1, source[1]);
            if (count > 2) value = value.WithElement(2, source[2]);
            return new(value);
        }

        Vector128<float> mask = Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();
        return new(Vector128.ConditionalSelect(mask, Avx.MaskLoad(source, mask), padding.Value));
    }

    [MethodImpl(Inline)] public static unsafe void Store(Float128 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static unsafe Float128 LoadWords(uint* source, int shift)
    {
        // Integers that fit in 31 bits take the conversion that every machine has.
        Vector128<uint> words = Vector128.Load(source) >>> shift;
        return new(shift > 0 ? Vector128.ConvertToSingle(words.AsInt32()) : Vector128.ConvertToSingle(words));
    }

    [MethodImpl(Inline)] public static Float128 operator +(Float128 x, Float128 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Float128 operator -(Float128 x, Float128 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Float128 operator *(Float128 x, Float128 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Float128 operator /(Float128 x, Float128 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Float128 operator -(Float128 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Float128 MulAdd(Float128 x, Float128 y, Float128 z) => new(Vector128.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Float128 Min(Float128 x, Float128 y) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Float128 Max(Float128 x, Float128 y) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Float128 Abs(Float128 x) => new(Vector128.Abs(x.Value));
    [MethodImpl(Inline)] public static Float128 Sqrt(Float128 x) => new(Vector128.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Float128 CopySign(Float128 x, Float128 sign) =>
        new(Vector128.ConditionalSelect(Vector128.Create(-0f), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Float128 SelectLess(Float128 a, Float128 b, Float128 then, Float128 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Float128 SelectEqual(Float128 a, Float128 b, Float128 then, Float128 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Float128 Round(Float128 x) => new(Vector128.Round(x.Value));

    // 2^23 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Float128 PowerOfTwo(Float128 n) => new(((n.Value + Vector128.Create(8388735f)).AsInt32() << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Float128 Scale(Float128 x, Float128 n)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.Scale(x.Value, n.Value));
        Float128 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Float128 Exponent(Float128 x)
    {
        if (Avx512F.VL.IsSupported) return new(Avx512F.VL.GetExponent(x.Value));
        return new((x.Value.AsInt32() >>> 23 | Vector128.Create(8388608f).AsInt32()).AsSingle() - Vector128.Create(8388735f));
    }

    [MethodImpl(Inline)]
    public static Float128 Mantissa(Float128 x) =>
        new((x.Value.AsInt32() & Vector128.Create(0x007FFFFF) | Vector128.Create(0x3F800000)).AsSingle());
}
