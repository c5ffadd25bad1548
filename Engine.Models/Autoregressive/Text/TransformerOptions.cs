namespace Engine.Models.Autoregressive.Text;

/// <summary>The extents of a <see cref="Transformer"/>. The defaults are nanoGPT's settings for a CPU.</summary>
/// <param name="Vocabulary">How many tokens there are.</param>
public sealed record TransformerOptions(int Vocabulary)
{
    /// <summary>The most positions that a token can look back on, its own included.</summary>
    public int Block { get; init; } = 64;

    /// <summary>Layers, each of an attention and a network for every position.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Heads of each attention.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>The features of a position; a multiple of the heads.</summary>
    public int Width { get; init; } = 128;

    /// <summary>The dropout rate after the embedding, each attention and each network.</summary>
    public double Dropout { get; init; }

    /// <summary>How the position of a token is encoded.</summary>
    public PositionKind Positions { get; init; }

    /// <summary>Whether the linear maps have a bias.</summary>
    public bool Bias { get; init; }

    /// <summary>Throws if the options describe no valid model.</summary>
    /// <exception cref="ArgumentException">One is out of its range; the message names it.</exception>
    internal void Check()
    {
        foreach ((string name, int value) in (
            (string, int)[])[(nameof(Vocabulary), Vocabulary), (nameof(Block), Block), (nameof(Layers), Layers), (nameof(Heads), Heads),
            (nameof(Width), Width)])
            if (value < 1) throw new ArgumentException($"Transformer: {name} must be at least 1, was {value}.");
        if (Width % Heads != 0) throw new ArgumentException($"Transformer: Width must be a multiple of the {Heads} heads, was {Width}.");
        if (Positions == PositionKind.Sinusoidal && Width % 2 != 0) throw new ArgumentException(
            $"Transformer: Width must be even for sines and cosines, was {Width}.");
        if (!(Dropout is >= 0 and < 1)) throw new ArgumentException($"Transformer: Dropout must be in [0, 1), was {Dropout}.");
    }
}

/// <summary>How a Transformer encodes the position of a token.</summary>
public enum PositionKind
{
    /// <summary>A vector for each position, trained with everything else.</summary>
    Learned,

    /// <summary>Sines and cosines of wavelengths from 2 pi to 20,000 pi (Vaswani et al. 2017, arXiv:1706.03762, section 3.5).</summary>
    Sinusoidal,
}
