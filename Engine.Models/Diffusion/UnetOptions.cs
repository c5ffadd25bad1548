namespace Engine.Models.Diffusion;

/// <summary>The size of a <see cref="Unet"/>.</summary>
public sealed record UnetOptions
{
    /// <summary>Channels of the images: 1 grey, 3 colours.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Whether it outputs two values for each input value: the prediction, and where the variance lies.</summary>
    public bool LearnsVariance { get; init; }

    /// <summary>Channels of the first level's features.</summary>
    public int Width { get; init; } = 32;

    /// <summary>The features of each level as a multiple of the first's; from one level to the next the images are halved.</summary>
    public IReadOnlyList<int> Multipliers { get; init; } = [1, 2, 4];

    /// <summary>Residual blocks of each level, down and up again.</summary>
    public int Blocks { get; init; } = 1;

    /// <summary>Levels, from 0, whose blocks are followed by attention; in the middle there always is one.</summary>
    public IReadOnlyList<int> AttentionLevels { get; init; } = [];

    /// <summary>Groups of channels that are normalised together.</summary>
    public int Groups { get; init; } = 8;

    /// <summary>Sines and cosines that encode a step; an even number.</summary>
    public int TimeFeatures { get; init; } = 32;

    /// <summary>Features that are made of them.</summary>
    public int TimeWidth { get; init; } = 128;

    /// <summary>The number of classes that it is conditioned on; 0 for an unconditional network.</summary>
    public int Classes { get; init; }

    /// <summary>The share of features that training drops inside residual blocks.</summary>
    public double Dropout { get; init; }

    /// <summary>Groups for features of a width: the most that divide it, up to 8.</summary>
    /// <param name="width">The width, at least 1.</param>
    public static int GroupsOf(int width) => Enumerable.Range(1, Math.Min(8, width)).Last(groups => width % groups == 0);

    internal void Check()
    {
        Least(Channels, 1, nameof(Channels));
        Least(Width, 1, nameof(Width));
        Least(Blocks, 1, nameof(Blocks));
        Least(Groups, 1, nameof(Groups));
        Least(TimeFeatures, 2, nameof(TimeFeatures));
        Least(TimeWidth, 1, nameof(TimeWidth));
        Least(Classes, 0, nameof(Classes));
        if (TimeFeatures % 2 != 0) throw new ArgumentException(
            $"UnetOptions.TimeFeatures must be even, for as many sines as cosines; found {TimeFeatures}.");
        if (Multipliers.Count == 0) throw new ArgumentException("UnetOptions.Multipliers must name at least one level, found none.");
        foreach (int multiplier in Multipliers)
        {
            Least(multiplier, 1, nameof(Multipliers));
            if (Width * multiplier % Groups != 0)
                throw new ArgumentException(
                    $"UnetOptions.Groups must divide the channels of every level: {Groups} groups do not divide {Width} x {multiplier}.");
        }

        foreach (int level in AttentionLevels)
        {
            if (level < 0 || level >= Multipliers.Count)
                throw new ArgumentOutOfRangeException(
                    nameof(AttentionLevels), level,
                    $"UnetOptions.AttentionLevels must be levels from 0 to {Multipliers.Count - 1}, found {level}.");
        }
    }

    private static void Least(int value, int least, string name)
    {
        if (value < least) throw new ArgumentOutOfRangeException(
            name, value, $"UnetOptions.{name} must be at least {least}, found {value}.");
    }
}
