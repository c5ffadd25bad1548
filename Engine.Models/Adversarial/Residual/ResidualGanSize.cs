using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Models.Adversarial.Residual;

/// <summary>The sizes that a residual generator and its discriminator have in common.</summary>
public sealed record ResidualGanSize
{
    /// <summary>The least and the greatest side of the images that the generator begins with.</summary>
    private const int LeastSeed = 4, GreatestSeed = 7;

    private readonly int _classes = 10, _side = 28, _channels = 1, _width = 16, _chunk = 20, _embedding = 128;

    /// <summary>The number of classes; 10 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Classes
    {
        get => _classes;
        init => _classes = Positive(value);
    }

    /// <summary>
    /// Rows and columns of an image: 4 to 7 times a power of two that is at least 2, such as 28 (from 7) and 32 (from 4).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is another number.</exception>
    public int Side
    {
        get => _side;
        init => _side = IsSide(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value,
                $"Side: expected {LeastSeed} to {GreatestSeed} times 2, 4, 8 and so on, such as 28 or 32, found {value}.");
    }

    /// <summary>Channels of an image: 1 grey, 3 RGB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Channels
    {
        get => _channels;
        init => _channels = Positive(value);
    }

    /// <summary>
    /// Channels of the generator's largest images and of the discriminator's first block; with each halving of the sides there are twice as
    /// many.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Width
    {
        get => _width;
        init => _width = Positive(value);
    }

    /// <summary>Dimensions of the noise that each block of the generator gets, and as many for its first layer; 20 in the paper.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Chunk
    {
        get => _chunk;
        init => _chunk = Positive(value);
    }

    /// <summary>Dimensions of the embedding of the classes, which all blocks of the generator share; 128 in the paper.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Embedding
    {
        get => _embedding;
        init => _embedding = Positive(value);
    }

    /// <summary>Whether there is a <see cref="SelfAttentionBlock"/> in both networks, where images have half their sides.</summary>
    public bool HasAttention { get; init; } = true;

    /// <summary>The number of blocks of the generator, each of which doubles the sides.</summary>
    public int Levels => Halvings(Side);

    /// <summary>Rows and columns that the generator begins with.</summary>
    public int Seed => Side >> Levels;

    /// <summary>Dimensions of the noise: a chunk for the first layer and one for each block.</summary>
    public int Latent => Chunk * (Levels + 1);

    /// <summary>Whether a number is a side that images can have: 4 to 7 times a power of two that is at least 2.</summary>
    /// <param name="side">The number.</param>
    public static bool IsSide(int side) => side > GreatestSeed && side >> Halvings(side) <= GreatestSeed;

    /// <summary>How often a side can be halved before it is at most the greatest seed.</summary>
    private static int Halvings(int side)
    {
        int levels = 0;
        while (side >> levels > GreatestSeed && levels < BitOperations.TrailingZeroCount(side)) levels++;
        return levels;
    }

    private static int Positive(int value, [CallerMemberName] string name = "") => value >= 1 ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"{name}: expected at least 1, found {value}.");
}
