namespace Engine.Autograd.Nn;

/// <summary>How <see cref="Upsample"/> fills the pixels in between.</summary>
public enum UpsampleMode
{
    /// <summary>Each pixel is repeated.</summary>
    Nearest,

    /// <summary>Linear interpolation both ways; pixels are areas, not points (align_corners = false).</summary>
    Bilinear,
}
