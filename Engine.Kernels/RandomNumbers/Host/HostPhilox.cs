using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.RandomNumbers.Host;

/// <summary>
/// Philox on 512-bit vectors, 16 counters at a time. Each 64-bit element holds one 32-bit word, because a multiplication gives 64 bits;
/// what is left in the upper half does no harm, for the next multiplication does not look at it. Even and odd blocks are two states,
/// interleaved at the end.
/// </summary>
internal static unsafe class Philox512
{
    /// <summary>Writes the words of consecutive groups, 64 to a group.</summary>
    internal static void Fill(uint* words, int groups, ulong key, ulong firstGroup, uint plane)
    {
        Vector512<ulong> even = Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14);
        Vector512<ulong> multiplier0 = Vector512.Create((ulong)Philox.Multiplier0);
        Vector512<ulong> multiplier1 = Vector512.Create((ulong)Philox.Multiplier1);
        ulong block = firstGroup * Philox.BlocksInGroup;
        for (int group = 0; group < groups; group++, block += 16)
        {
            // Blocks of a group differ in their lowest bits only: no carry.
            Vector512<ulong> a0 = Vector512.Create((ulong)(uint)block) + even;
            Vector512<ulong> b0 = a0 + Vector512<ulong>.One;
            Vector512<ulong> a1 = Vector512.Create(block >> 32), b1 = a1;
            Vector512<ulong> a2 = Vector512.Create((ulong)plane), b2 = a2;
            Vector512<ulong> a3 = Vector512<ulong>.Zero, b3 = a3;
            Vector512<ulong> key0 = Vector512.Create(key & uint.MaxValue);
            Vector512<ulong> key1 = Vector512.Create(key >> 32);
            for (int round = 0; round < Philox.Rounds; round++)
            {
                Vector512<ulong> product0 = Multiply(a0, multiplier0);
                Vector512<ulong> product1 = Multiply(a2, multiplier1);
                a0 = (product1 >>> 32) ^ a1 ^ key0;
                a2 = (product0 >>> 32) ^ a3 ^ key1;
                a1 = product1;
                a3 = product0;

                product0 = Multiply(b0, multiplier0);
                product1 = Multiply(b2, multiplier1);
                b0 = (product1 >>> 32) ^ b1 ^ key0;
                b2 = (product0 >>> 32) ^ b3 ^ key1;
                b1 = product1;
                b3 = product0;

                key0 += Vector512.Create((ulong)Philox.Weyl0);
                key1 += Vector512.Create((ulong)Philox.Weyl1);
            }

            uint* destination = words + (long)group * Philox.Group;
            Interleave(a0, b0).Store(destination);
            Interleave(a1, b1).Store(destination + 16);
            Interleave(a2, b2).Store(destination + 32);
            Interleave(a3, b3).Store(destination + 48);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Multiply(Vector512<ulong> x, Vector512<ulong> y) =>
        Avx512F.IsSupported ? Avx512F.Multiply(x.AsUInt32(), y.AsUInt32()) : (x & Vector512.Create((ulong)uint.MaxValue)) * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Interleave(Vector512<ulong> even, Vector512<ulong> odd) =>
        ((even & Vector512.Create((ulong)uint.MaxValue)) | (odd << 32)).AsUInt32();
}

/// <summary>Philox on 256-bit vectors, 8 counters at a time, in the form of <see cref="Philox512"/>.</summary>
internal static unsafe class Philox256
{
    /// <summary>Writes the words of consecutive groups, 64 to a group, eight of each sixteen at a time.</summary>
    internal static void Fill(uint* words, int groups, ulong key, ulong firstGroup, uint plane)
    {
        Vector256<ulong> even = Vector256.Create(0UL, 2, 4, 6);
        Vector256<ulong> multiplier0 = Vector256.Create((ulong)Philox.Multiplier0);
        Vector256<ulong> multiplier1 = Vector256.Create((ulong)Philox.Multiplier1);
        ulong block = firstGroup * Philox.BlocksInGroup;
        int steps = 2 * groups;
        for (int step = 0; step < steps; step++, block += 8)
        {
            // Blocks of a group differ in their lowest bits only: no carry.
            Vector256<ulong> a0 = Vector256.Create((ulong)(uint)block) + even;
            Vector256<ulong> b0 = a0 + Vector256<ulong>.One;
            Vector256<ulong> a1 = Vector256.Create(block >> 32), b1 = a1;
            Vector256<ulong> a2 = Vector256.Create((ulong)plane), b2 = a2;
            Vector256<ulong> a3 = Vector256<ulong>.Zero, b3 = a3;
            Vector256<ulong> key0 = Vector256.Create(key & uint.MaxValue);
            Vector256<ulong> key1 = Vector256.Create(key >> 32);
            for (int round = 0; round < Philox.Rounds; round++)
            {
                Vector256<ulong> product0 = Multiply(a0, multiplier0);
                Vector256<ulong> product1 = Multiply(a2, multiplier1);
                a0 = (product1 >>> 32) ^ a1 ^ key0;
                a2 = (product0 >>> 32) ^ a3 ^ key1;
                a1 = product1;
                a3 = product0;

                product0 = Multiply(b0, multiplier0);
                product1 = Multiply(b2, multiplier1);
                b0 = (product1 >>> 32) ^ b1 ^ key0;
                b2 = (product0 >>> 32) ^ b3 ^ key1;
                b1 = product1;
                b3 = product0;

                key0 += Vector256.Create((ulong)Philox.Weyl0);
                key1 += Vector256.Create((ulong)Philox.Weyl1);
            }

            uint* destination = words + (step >> 1) * Philox.Group + (step & 1) * 8;
            Interleave(a0, b0).Store(destination);
            Interleave(a1, b1).Store(destination + 16);
            Interleave(a2, b2).Store(destination + 32);
            Interleave(a3, b3).Store(destination + 48);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Multiply(Vector256<ulong> x, Vector256<ulong> y) =>
        Avx2.IsSupported ? Avx2.Multiply(x.AsUInt32(), y.AsUInt32()) : (x & Vector256.Create((ulong)uint.MaxValue)) * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Interleave(Vector256<ulong> even, Vector256<ulong> odd) =>
        ((even & Vector256.Create((ulong)uint.MaxValue)) | (odd << 32)).AsUInt32();
}
