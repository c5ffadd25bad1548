namespace Engine.Autograd;

/// <summary>
/// Which taps of a kernel a masked convolution keeps (van den Oord et al. 2016, arXiv:1601.06759 and arXiv:1606.05328): those of the pixels
/// that come before the centre in raster order, row by row from the upper left.
/// </summary>
public enum ConvMask
{
    /// <summary>The rows above the centre, and what is left of it: a pixel does not see itself.</summary>
    A,

    /// <summary>Type A and the centre.</summary>
    B,

    /// <summary>The rows above the centre alone: the first layer of a vertical stack.</summary>
    VerticalA,

    /// <summary>
    /// The rows above the centre and the whole row of the centre: the further layers of a vertical stack, whose pixels know of the rows
    /// above them alone.
    /// </summary>
    VerticalB,
}
