namespace Engine.Tests.Operations;

/// <summary>Philox4x32-10 and the numbers made of it, one at a time, in plain loops.</summary>
internal static class PlainPhilox
{
    /// <summary>The uniform number at an index: 24 bits, or 53 where the second plane adds its own.</summary>
    internal static double Uniform(ulong key, long index, bool isDouble) => isDouble
        ? Math.ScaleB(Word(key, index, 0), -32) + Math.ScaleB(Word(key, index, 1) >> 11, -53)
        : Math.ScaleB(Word(key, index, 0) >> 8, -24);

    /// <summary>
    /// The standard normal number at an index: of a pair, 16 numbers apart, the first is the cosine's, the second the sine's.
    /// </summary>
    internal static double Normal(ulong key, long index, bool isDouble)
    {
        bool isSecond = index % 32 >= 16;
        long first = isSecond ? index - 16 : index;
        uint a = Word(key, first, 0);
        uint b = Word(key, first + 16, 0);

        // In float32 the word is rounded to 24 bits before its logarithm is taken: that is where its numbers are, and no error.
        double u = isDouble ? Math.ScaleB(a + Math.ScaleB(Word(key, first, 1) + 0.5, -32), -32)
            : Math.ScaleB((float)((float)a + 0.5f), -32);
        double quarterTurns = isDouble ? Math.ScaleB(b + Math.ScaleB(Word(key, first + 16, 1), -32), -30)
            : Math.ScaleB((b >> 9) + 0.5, -21);
        int quarter = (int)Math.Round(quarterTurns);
        double angle = (quarterTurns - quarter) * (Math.PI / 2);
        double wave = ((isSecond ? quarter + 3 : quarter) % 4) switch
        {
            0 => Math.Cos(angle),
            1 => -Math.Sin(angle),
            2 => -Math.Cos(angle),
            _ => Math.Sin(angle),
        };
        return Math.Sqrt(-2 * Math.Log(u)) * wave;
    }

    /// <summary>
    /// Number <paramref name="index"/> of a plane: in groups of 64, word (i mod 64) / 16 of block 16 (i / 64) + i mod 16.
    /// </summary>
    private static uint Word(ulong key, long index, uint plane)
    {
        ulong block = (ulong)((index / 64 * 16) + (index % 16));
        uint[] counter = [(uint)block, (uint)(block >> 32), plane, 0];
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong x = 0xD2511F53ul * counter[0];
            ulong y = 0xCD9E8D57ul * counter[2];
            counter = [(uint)(y >> 32) ^ counter[1] ^ k0, (uint)y, (uint)(x >> 32) ^ counter[3] ^ k1, (uint)x];
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return counter[index % 64 / 16];
    }
}
