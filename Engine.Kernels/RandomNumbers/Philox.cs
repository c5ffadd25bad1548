namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// Philox4x32-10: a bijection of 128-bit counters under a 64-bit key whose outputs are random numbers (Salmon, Moraes, Dror and Shaw,
/// "Parallel random numbers: as easy as 1, 2, 3", 2011). There is no state: any number of a stream follows from its index alone, in any
/// order, on any machine.
/// </summary>
/// <remarks>
/// Numbers are laid out in groups of 64, so that a vector of any width and a warp of threads write consecutive elements: number i is word
/// (i mod 64) / 16 of block 16 (i / 64) + i mod 16. The block number is the low half of the counter; the high half names the plane:
/// plane 0 has the words that everything is made of, plane 1 the further bits that float64 takes beside them.
/// </remarks>
public static class Philox
{
    /// <summary>Numbers in a group: kernels start at a multiple of it.</summary>
    public const int Group = 64;

    internal const int BlocksInGroup = 16;
    internal const int Rounds = 10;
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;

    /// <summary>The block that a counter gives under a key.</summary>
    public static PhiloxBlock Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            uint next0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            uint next2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c1 = (uint)product1;
            c3 = (uint)product0;
            c0 = next0;
            c2 = next2;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return new PhiloxBlock(c0, c1, c2, c3);
    }

    /// <summary>The block of number <paramref name="block"/> of a plane.</summary>
    public static PhiloxBlock Block(ulong key, ulong block, uint plane) =>
        Block((uint)block, (uint)(block >> 32), plane, 0, (uint)key, (uint)(key >> 32));

    /// <summary>Number <paramref name="index"/> of a plane: 32 random bits.</summary>
    public static uint Word(ulong key, ulong index, uint plane = 0)
    {
        PhiloxBlock block = Block(key, index / Group * BlocksInGroup + index % BlocksInGroup, plane);
        uint word = (uint)(index % Group) / BlocksInGroup;
        return word == 0 ? block.W0 : word == 1 ? block.W1 : word == 2 ? block.W2 : block.W3;
    }
}

/// <summary>The four 32-bit words of one Philox block.</summary>
/// <param name="W0">Word 0.</param>
/// <param name="W1">Word 1.</param>
/// <param name="W2">Word 2.</param>
/// <param name="W3">Word 3.</param>
public readonly record struct PhiloxBlock(uint W0, uint W1, uint W2, uint W3);
