namespace Engine.Kernels.Norms;

/// <summary>The extents of a group normalisation of images [N, H, W, C].</summary>
/// <param name="Images">N.</param>
/// <param name="Positions">H W: the places of an image.</param>
/// <param name="Channels">C, a multiple of <paramref name="Groups"/>.</param>
/// <param name="Groups">The groups of neighbouring channels that are normalised together.</param>
public readonly record struct GroupNormShape(int Images, int Positions, int Channels, int Groups)
{
    /// <summary>The channels of a group.</summary>
    public int GroupChannels => Channels / Groups;

    /// <summary>The elements that a mean is taken of.</summary>
    internal int Terms => Positions * GroupChannels;

    /// <summary>The means there are: one for each group of each image.</summary>
    internal int Statistics => Images * Groups;

    internal int Count => Images * Positions * Channels;

    /// <summary>Throws unless the extents fit together.</summary>
    internal void Check(string operation)
    {
        if (Images < 0 || Positions < 0 || Channels < 0 || Groups < 1 || Channels % Groups != 0
            || (long)Images * Positions * Channels > int.MaxValue)
            throw new ArgumentException(
                $"{operation}: {Groups} groups of {Channels} channels at {Positions} positions of {Images} images do not fit together: "
                + "channels come in groups of one size.");
    }
}
