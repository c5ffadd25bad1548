using System.Runtime.CompilerServices;

namespace Engine.Models.Data;

/// <summary>
/// Random numbers as a function of a key and a counter, by the SplitMix64 finaliser (Steele, Lea and Flood 2014). Only integer
/// arithmetic, so every machine draws the same numbers, and any draw can be made without those before it. The data sets keep this
/// small generator to themselves: what they hold must not change when the one for training does.
/// </summary>
internal struct CounterRandom(ulong key)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private readonly ulong _key = key;
    private ulong _counter;

    /// <summary>A key out of several numbers: each enters through the whole mixing function, so neighbours share nothing.</summary>
    public static ulong Key(ulong a, ulong b, ulong c = 0) => Mix(Mix(Mix(a + Golden) ^ (b + Golden)) ^ (c + Golden));

    /// <summary>The 64 bits at a counter of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(ulong key, ulong counter) => Mix(key + (counter + 1) * Golden);

    public ulong Bits() => At(_key, _counter++);

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double Uniform() => (Bits() >> 11) * (1.0 / (1UL << 53));

    public double Uniform(double low, double high) => low + (high - low) * Uniform();

    /// <summary>
    /// Mean 0, standard deviation 1, bell-shaped in (-3.5, 3.5): the sum of four uniforms (Irwin-Hall). Needs no logarithm or cosine,
    /// whose last bits differ from one machine to the next.
    /// </summary>
    public double Bell() => (Uniform() + Uniform() + Uniform() + Uniform() - 2) * 1.7320508075688772;

    /// <summary>Uniform in [0, bound): the high half of a 64 x 64 bit product; its bias is below bound / 2^64.</summary>
    public int Below(int bound) => (int)Math.BigMul(Bits(), (ulong)bound, out _);

    /// <summary>The numbers 0 to span.Length - 1 in a random order (Fisher-Yates).</summary>
    public void Shuffle(Span<int> span)
    {
        for (int i = 0; i < span.Length; i++) span[i] = i;
        for (int i = span.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (span[i], span[j]) = (span[j], span[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
