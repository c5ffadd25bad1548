using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.RandomNumbers.Host;

/// <summary>
/// Philox on vectors, a counter to each 64-bit element. Each element holds one 32-bit word, because a multiplication gives 64 bits; what is
/// left in the upper half does no harm, for the next multiplication does not look at it. Even and odd blocks are two states, interleaved at
/// the end.
/// </summary>
internal static unsafe class HostPhilox<V> where V : unmanaged, IWordVector<V>
{
    /// <summary>Writes the words of consecutive groups, 64 to a group.</summary>
    internal static void Fill(uint* words, int groups, ulong key, ulong firstGroup, uint plane)
    {
        // A group has sixteen blocks: as many as two vectors of 512 bits have elements, or four of 256, or eight of 128.
        int blocks = 2 * V.Count;
        uint parts = (uint)(Philox.BlocksInGroup / blocks), steps = (uint)groups * parts;
        V even = V.EvenNumbers, multiplier0 = V.Of(Philox.Multiplier0), multiplier1 = V.Of(Philox.Multiplier1);
        ulong block = firstGroup * Philox.BlocksInGroup;
        for (uint step = 0; step < steps; step++, block += (ulong)blocks)
        {
            // Blocks of a group differ in their lowest bits only: no carry.
            V a0 = V.Of((uint)block) + even;
            V b0 = a0 + V.Of(1);
            V a1 = V.Of(block >> 32), b1 = a1;
            V a2 = V.Of(plane), b2 = a2;
            V a3 = V.Of(0), b3 = a3;
            V key0 = V.Of(key & uint.MaxValue);
            V key1 = V.Of(key >> 32);
            for (int round = 0; round < Philox.Rounds; round++)
            {
                V product0 = V.Multiply(a0, multiplier0);
                V product1 = V.Multiply(a2, multiplier1);
                a0 = V.UpperWords(product1) ^ a1 ^ key0;
                a2 = V.UpperWords(product0) ^ a3 ^ key1;
                a1 = product1;
                a3 = product0;

                product0 = V.Multiply(b0, multiplier0);
                product1 = V.Multiply(b2, multiplier1);
                b0 = V.UpperWords(product1) ^ b1 ^ key0;
                b2 = V.UpperWords(product0) ^ b3 ^ key1;
                b1 = product1;
                b3 = product0;

                key0 += V.Of(Philox.Weyl0);
                key1 += V.Of(Philox.Weyl1);
            }

            uint* destination = words + ((step / parts) * Philox.Group) + ((step % parts) * blocks);
            V.Interleave(a0, b0, destination);
            V.Interleave(a1, b1, destination + Philox.BlocksInGroup);
            V.Interleave(a2, b2, destination + (2 * Philox.BlocksInGroup));
            V.Interleave(a3, b3, destination + (3 * Philox.BlocksInGroup));
        }
    }
}

/// <summary>A vector of 64-bit integers, as far as Philox needs it.</summary>
/// <typeparam name="TSelf">The vector type itself.</typeparam>
internal unsafe interface IWordVector<TSelf> where TSelf : unmanaged, IWordVector<TSelf>
{
    /// <summary>The number of elements.</summary>
    static abstract int Count { get; }

    /// <summary>0, 2, 4 and so on.</summary>
    static abstract TSelf EvenNumbers { get; }

    /// <summary><paramref name="value"/> in every place.</summary>
    static abstract TSelf Of(ulong value);

    /// <summary>x + y.</summary>
    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>x ^ y, bit by bit.</summary>
    static abstract TSelf operator ^(TSelf x, TSelf y);

    /// <summary>x >> 32.</summary>
    static abstract TSelf UpperWords(TSelf x);

    /// <summary>The products of the lower 32 bits.</summary>
    static abstract TSelf Multiply(TSelf x, TSelf y);

    /// <summary>Writes the lower 32 bits of both in turns.</summary>
    static abstract void Interleave(TSelf even, TSelf odd, uint* destination);
}

/// <summary>Eight 64-bit integers.</summary>
internal readonly unsafe struct Words512(Vector512<ulong> value) : IWordVector<Words512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector512<ulong> _value = value;

    public static int Count => Vector512<ulong>.Count;

    public static Words512 EvenNumbers => new(Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14));

    [MethodImpl(Inline)] public static Words512 Of(ulong value) => new(Vector512.Create(value));
    [MethodImpl(Inline)] public static Words512 operator +(Words512 x, Words512 y) => new(x._value + y._value);
    [MethodImpl(Inline)] public static Words512 operator ^(Words512 x, Words512 y) => new(x._value ^ y._value);
    [MethodImpl(Inline)] public static Words512 UpperWords(Words512 x) => new(x._value >>> 32);

    [MethodImpl(Inline)]
    public static Words512 Multiply(Words512 x, Words512 y) => new(
        Avx512F.IsSupported ? Avx512F.Multiply(x._value.AsUInt32(), y._value.AsUInt32())
            : (x._value & Vector512.Create((ulong)uint.MaxValue)) * y._value);

    [MethodImpl(Inline)]
    public static void Interleave(Words512 even, Words512 odd, uint* destination) =>
        ((even._value & Vector512.Create((ulong)uint.MaxValue)) | (odd._value << 32)).AsUInt32().Store(destination);
}

/// <summary>Four 64-bit integers.</summary>
internal readonly unsafe struct Words256(Vector256<ulong> value) : IWordVector<Words256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<ulong> _value = value;

    public static int Count => Vector256<ulong>.Count;

    public static Words256 EvenNumbers => new(Vector256.Create(0UL, 2, 4, 6));

    [MethodImpl(Inline)] public static Words256 Of(ulong value) => new(Vector256.Create(value));
    [MethodImpl(Inline)] public static Words256 operator +(Words256 x, Words256 y) => new(x._value + y._value);
    [MethodImpl(Inline)] public static Words256 operator ^(Words256 x, Words256 y) => new(x._value ^ y._value);
    [MethodImpl(Inline)] public static Words256 UpperWords(Words256 x) => new(x._value >>> 32);

    [MethodImpl(Inline)]
    public static Words256 Multiply(Words256 x, Words256 y) => new(
        Avx2.IsSupported ? Avx2.Multiply(x._value.AsUInt32(), y._value.AsUInt32())
            : (x._value & Vector256.Create((ulong)uint.MaxValue)) * y._value);

    [MethodImpl(Inline)]
    public static void Interleave(Words256 even, Words256 odd, uint* destination) =>
        ((even._value & Vector256.Create((ulong)uint.MaxValue)) | (odd._value << 32)).AsUInt32().Store(destination);
}

/// <summary>Two 64-bit integers.</summary>
internal readonly unsafe struct Words128(Vector128<ulong> value) : IWordVector<Words128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector128<ulong> _value = value;

    public static int Count => Vector128<ulong>.Count;

    public static Words128 EvenNumbers => new(Vector128.Create(0UL, 2));

    [MethodImpl(Inline)] public static Words128 Of(ulong value) => new(Vector128.Create(value));
    [MethodImpl(Inline)] public static Words128 operator +(Words128 x, Words128 y) => new(x._value + y._value);
    [MethodImpl(Inline)] public static Words128 operator ^(Words128 x, Words128 y) => new(x._value ^ y._value);
    [MethodImpl(Inline)] public static Words128 UpperWords(Words128 x) => new(x._value >>> 32);

    [MethodImpl(Inline)]
    public static Words128 Multiply(Words128 x, Words128 y) => new(
        Sse2.IsSupported ? Sse2.Multiply(x._value.AsUInt32(), y._value.AsUInt32())
            : AdvSimd.IsSupported
                ? AdvSimd.MultiplyWideningLower(AdvSimd.ExtractNarrowingLower(x._value), AdvSimd.ExtractNarrowingLower(y._value))
            : (x._value & Vector128.Create((ulong)uint.MaxValue)) * (y._value & Vector128.Create((ulong)uint.MaxValue)));

    [MethodImpl(Inline)]
    public static void Interleave(Words128 even, Words128 odd, uint* destination) =>
        ((even._value & Vector128.Create((ulong)uint.MaxValue)) | (odd._value << 32)).AsUInt32().Store(destination);
}
