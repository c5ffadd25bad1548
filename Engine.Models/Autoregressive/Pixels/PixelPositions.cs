using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// A trained vector for each place of an image, which is added to what a layer makes of that place. A convolution does the same everywhere
/// and learns from the zeros around an image alone where it is, layer after layer; but digits lie in the middle, and a pixel of the border
/// is black whatever was before it. As the positions of the pixels in Image GPT (Chen et al. 2020).
/// </summary>
internal sealed class PixelPositions : Module
{
    /// <summary>Vectors that begin at zero, for images of one size.</summary>
    internal PixelPositions((int Height, int Width) size, int features, ModuleOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Width, 1);
        Weight = NewParameter("weight", [1, size.Height, size.Width, features], Initializers.Zeros, options);
    }

    /// <summary>The vectors: [1, height, width, features].</summary>
    internal Parameter Weight { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>x + p at the places of x: those of whole images, or those that a history has come to.</summary>
    internal Tensor Forward(Tensor x, PixelHistory? history) =>
        x + (history is null ? Weight : Weight.Slice(1, history.Row, 1).Slice(2, history.Column, x.Shape[2]));
}
