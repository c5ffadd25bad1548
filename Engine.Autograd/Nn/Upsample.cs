namespace Engine.Autograd.Nn;

/// <summary>Images [batch, height, width, channels] enlarged by a whole factor both ways.</summary>
public sealed class Upsample : Module
{
    private readonly int _factor;
    private readonly UpsampleMode _mode;

    /// <summary>Creates the layer.</summary>
    /// <param name="factor">How many times; at least 1.</param>
    /// <param name="mode">How the pixels in between are filled.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is less than 1, or there is no such mode.</exception>
    public Upsample(int factor, UpsampleMode mode = UpsampleMode.Nearest)
    {
        CheckExtent(factor);
        if (!Enum.IsDefined(mode)) throw new ArgumentOutOfRangeException(nameof(mode), mode, $"Upsample: expected a mode, found {mode}.");
        (_factor, _mode) = (factor, mode);
    }

    internal int Factor => _factor;

    internal UpsampleMode Mode => _mode;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) =>
        _mode == UpsampleMode.Nearest ? x.UpsampleNearest2d(_factor) : x.UpsampleBilinear2d(_factor);
}

/// <summary>How <see cref="Upsample"/> fills the pixels in between.</summary>
public enum UpsampleMode
{
    /// <summary>Each pixel is repeated.</summary>
    Nearest,

    /// <summary>Linear interpolation both ways; pixels are areas, not points (align_corners = false).</summary>
    Bilinear,
}
