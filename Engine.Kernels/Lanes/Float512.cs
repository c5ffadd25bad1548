using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>16 elements of float32 in a 512-bit vector.</summary>
internal readonly struct Float512(Vector512<float> value) : IVectorLane<Float512, float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The elements, for host code that needs more than a lane offers.</summary>
    public readonly Vector512<float> Value = value;

    public static bool IsDouble => false;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(Inline)] public static Float512 Of(double value) => new(Vector512.Create((float)value));
    [MethodImpl(Inline)] public static Float512 OfSingle(float value) => new(Vector512.Create(value));
    [MethodImpl(Inline)] public static Float512 Fill(float value) => new(Vector512.Create(value));
    [MethodImpl(Inline)] public static unsafe Float512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(Inline)]
    public static unsafe Float512 LoadFirst(float* source, int count, Float512 padding) => new(Vector512.Create(
        Float256.LoadFirst(source, count, new(padding.Value.GetLower())).Value,
        Float256.LoadFirst(source + Float256.Count, count - Float256.Count, new(padding.Value.GetUpper())).Value));

    [MethodImpl(Inline)] public static unsafe void Store(Float512 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static unsafe Float512 LoadWords(uint* source, int shift)
    {
        // Integers that fit in 31 bits take the conversion that every machine has.
        Vector512<uint> words = Vector512.Load(source) >>> shift;
        return new(shift > 0 ? Vector512.ConvertToSingle(words.AsInt32()) : Vector512.ConvertToSingle(words));
    }

    [MethodImpl(Inline)] public static Float512 operator +(Float512 x, Float512 y) => new(x.Value + y.Value);
    [MethodImpl(Inline)] public static Float512 operator -(Float512 x, Float512 y) => new(x.Value - y.Value);
    [MethodImpl(Inline)] public static Float512 operator *(Float512 x, Float512 y) => new(x.Value * y.Value);
    [MethodImpl(Inline)] public static Float512 operator /(Float512 x, Float512 y) => new(x.Value / y.Value);
    [MethodImpl(Inline)] public static Float512 operator -(Float512 x) => new(-x.Value);

    [MethodImpl(Inline)]
    public static Float512 MulAdd(Float512 x, Float512 y, Float512 z) => new(Vector512.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    // The machine's minimum gives y when either is NaN: only a NaN in x has to be put back.
    [MethodImpl(Inline)]
    public static Float512 Min(Float512 x, Float512 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(x.Value, x.Value), NativeOrder.Lesser(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)]
    public static Float512 Max(Float512 x, Float512 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(x.Value, x.Value), NativeOrder.Greater(x.Value, y.Value), x.Value));

    [MethodImpl(Inline)] public static Float512 Abs(Float512 x) => new(Vector512.Abs(x.Value));
    [MethodImpl(Inline)] public static Float512 Sqrt(Float512 x) => new(Vector512.Sqrt(x.Value));

    [MethodImpl(Inline)]
    public static Float512 CopySign(Float512 x, Float512 sign) =>
        new(Vector512.ConditionalSelect(Vector512.Create(-0f), sign.Value, x.Value));

    [MethodImpl(Inline)]
    public static Float512 SelectLess(Float512 a, Float512 b, Float512 then, Float512 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)]
    public static Float512 SelectEqual(Float512 a, Float512 b, Float512 then, Float512 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.Value, b.Value), then.Value, otherwise.Value));

    [MethodImpl(Inline)] public static Float512 Round(Float512 x) => new(Vector512.Round(x.Value));

    // 2^23 + k holds k in its lowest bits: one shift makes it the exponent.
    [MethodImpl(Inline)]
    public static Float512 PowerOfTwo(Float512 n) => new(((n.Value + Vector512.Create(8388735f)).AsInt32() << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Float512 Scale(Float512 x, Float512 n)
    {
        if (Avx512F.IsSupported) return new(Avx512F.Scale(x.Value, n.Value));
        Float512 half = Round(n * Of(0.5));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    [MethodImpl(Inline)]
    public static Float512 Exponent(Float512 x)
    {
        if (Avx512F.IsSupported) return new(Avx512F.GetExponent(x.Value));
        return new((x.Value.AsInt32() >>> 23 | Vector512.Create(8388608f).AsInt32()).AsSingle() - Vector512.Create(8388735f));
    }

    [MethodImpl(Inline)]
    public static Float512 Mantissa(Float512 x) =>
        new((x.Value.AsInt32() & Vector512.Create(0x007FFFFF) | Vector512.Create(0x3F800000)).AsSingle());
}
