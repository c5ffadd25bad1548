using System.Text;

namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// A stream of random numbers that hands out ranges of itself: a kernel takes the key and the first index of a range and computes
/// each number from its index (<see cref="Philox"/>), so that the same seed gives the same numbers on every device and with any
/// number of threads. Not to be shared between threads: each takes its own from <see cref="Split(string)"/>.
/// </summary>
public sealed class RandomStream
{
    // The counter's fourth word is 0 for numbers; other values keep the derivation of keys apart from them.
    private const uint SplitByName = 1;
    private const uint SplitByIndex = 2;
    private const uint KeyOfSeed = 3;

    /// <summary>The stream of a seed, at its start. Seeds that are close to each other give streams that have nothing in common.</summary>
    public RandomStream(long seed) => Key = Derive(0, (ulong)seed, KeyOfSeed);

    /// <summary>A stream as it was when its <see cref="State"/> was taken.</summary>
    /// <exception cref="ArgumentException">The position is negative or not a multiple of <see cref="Philox.Group"/>.</exception>
    public RandomStream(RandomStreamState state) => State = state;

    /// <summary>What kernels take as the key.</summary>
    public ulong Key { get; private set; }

    /// <summary>The index of the next number to be handed out.</summary>
    public long Position { get; private set; }

    /// <summary>The stream's state, for a checkpoint; when set, the stream continues from that state.</summary>
    /// <exception cref="ArgumentException">The position is negative or not a multiple of <see cref="Philox.Group"/>.</exception>
    public RandomStreamState State
    {
        get => new(Key, Position);
        set
        {
            Arguments.RandomOffset(nameof(RandomStream), value.Position);
            (Key, Position) = (value.Key, value.Position);
        }
    }

    /// <summary>
    /// Hands out the next <paramref name="numbers"/> numbers, one for each element that a kernel will write, of whatever type, and returns
    /// the index of the first. Ranges start at multiples of <see cref="Philox.Group"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="numbers"/> is negative.</exception>
    /// <exception cref="OverflowException">The stream is used up, after 2^63 numbers.</exception>
    public long Reserve(long numbers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numbers);
        long first = Position;
        Position = checked(first + (numbers + Philox.Group - 1) / Philox.Group * Philox.Group);
        return first;
    }

    /// <summary>
    /// Draws numbers uniformly from [0, 1) on the host: those that <see cref="RandomUniform"/> writes from the same place of the stream.
    /// For a few numbers that the host decides by, without waiting for a device.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public float[] Uniform(int count)
    {
        long first = Reserve(count);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = (Philox.Word(Key, (ulong)(first + i)) >> 8) * (1f / (1 << 24));
        return numbers;
    }

    /// <summary>The independent stream of a name (a layer's, a data set's): it depends on key and name, not on the position.</summary>
    public RandomStream Split(string name)
    {
        ArgumentNullException.ThrowIfNull(name);

        // FNV-1a, 64 bits: the name only has to be told from other names; Philox does the mixing.
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 1099511628211;
        return new RandomStream(new RandomStreamState(Derive(Key, hash, SplitByName), 0));
    }

    /// <summary>The independent stream of a number (an epoch's, a worker's): it depends on key and number, not on the position.</summary>
    public RandomStream Split(int index) => new(new RandomStreamState(Derive(Key, (uint)index, SplitByIndex), 0));

    private static ulong Derive(ulong key, ulong what, uint purpose)
    {
        PhiloxBlock block = Philox.Block((uint)what, (uint)(what >> 32), 0, purpose, (uint)key, (uint)(key >> 32));
        return block.W0 | (ulong)block.W1 << 32;
    }
}

/// <summary>What a checkpoint keeps of a <see cref="RandomStream"/>.</summary>
/// <param name="Key">The key of its numbers.</param>
/// <param name="Position">The index of the next number.</param>
public readonly record struct RandomStreamState(ulong Key, long Position);
