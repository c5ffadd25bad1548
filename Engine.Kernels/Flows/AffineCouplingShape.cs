namespace Engine.Kernels.Flows;

/// <summary>
/// The extents of an affine coupling: x is [Rows, Places, Channels], its parameters are [Rows, Places, 2 Channels], at each place the raw
/// log-scales of all channels and behind them their shifts. Vectors have one place, images one for each pixel.
/// </summary>
/// <param name="Rows">Examples; each has a log-determinant of its own.</param>
/// <param name="Places">Places of an example; at least 1.</param>
/// <param name="Channels">Channels; at least 1.</param>
public readonly record struct AffineCouplingShape(int Rows, int Places, int Channels)
{
    /// <summary>The elements of an example.</summary>
    public int Columns => Places * Channels;

    /// <summary>The elements of x.</summary>
    public long Length => (long)Rows * Places * Channels;

    /// <summary>The shape as <c>[64, 784, 1]</c>.</summary>
    public override string ToString() => $"[{Rows}, {Places}, {Channels}]";
}
