using System.Runtime.Intrinsics;
using Engine.Kernels.RandomNumbers.Host;

namespace Engine.Tests.RandomNumbers;

public sealed unsafe class PhiloxTests
{
    // The known answers that the authors publish with Random123.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u,
        0x24126ea1u)]
    public void Blocks_are_the_published_ones(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal(new PhiloxBlock(w0, w1, w2, w3), Philox.Block(c0, c1, c2, c3, k0, k1));

    [Theory]
    [InlineData(0UL, 0UL, 0u)]
    [InlineData(0xFEDCBA9876543210UL, 3UL, 1u)]
    [InlineData(ulong.MaxValue, (1UL << 28) - 2, 0u)]
    [InlineData(1UL, (1UL << 57) - 4, 0u)]
    public void Vectors_give_the_words_of_the_scalar_function(ulong key, ulong firstGroup, uint plane)
    {
        const int groups = 3;
        uint[] expected = new uint[groups * Philox.Group];
        for (int i = 0; i < expected.Length; i++) expected[i] = Philox.Word(key, (firstGroup * Philox.Group) + (ulong)i, plane);
        Check<Words512>();
        Check<Words256>();
        Check<Words128>();

        void Check<V>() where V : unmanaged, IWordVector<V>
        {
            uint[] found = new uint[expected.Length];
            fixed (uint* words = found) HostPhilox<V>.Fill(words, groups, key, firstGroup, plane);
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void Each_number_of_a_group_is_a_word_of_its_own()
    {
        HashSet<uint> words = [];
        for (ulong i = 0; i < 4096; i++) words.Add(Philox.Word(7, i));
        Assert.InRange(words.Count, 4094, 4096);
    }
}
