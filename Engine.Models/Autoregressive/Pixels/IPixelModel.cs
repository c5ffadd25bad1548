using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>A density of binary images, p(x) = product over d of p(x_d | x before d) in some order of the pixels.</summary>
public interface IPixelModel
{
    /// <summary>Pixels of an image.</summary>
    int Pixels { get; }

    /// <summary>The logit of each pixel from those before it: [batch, pixels] for [batch, pixels].</summary>
    Tensor Forward(Tensor x);

    /// <summary>log p(x) of each image, in nats, differentiable: [batch] for [batch, pixels] of zeros and ones.</summary>
    Tensor LogLikelihood(Tensor x);

    /// <summary>log p(x) of each image, in nats.</summary>
    /// <param name="images">Images of zeros and ones, one after another.</param>
    /// <param name="rows">How many go through the model at once.</param>
    /// <returns>One value for each image.</returns>
    /// <exception cref="ArgumentException">There is no whole number of images.</exception>
    double[] LogLikelihood(ReadOnlySpan<float> images, int rows = 500);

    /// <summary>Draws images, pixel by pixel, each from its probability given those before it.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">Where randomness comes from.</param>
    /// <param name="known">
    /// What to complete: <paramref name="count"/> images, one after another, in which a negative number, or NaN, stands for a pixel that is
    /// to be drawn. Empty draws all. Pixels are drawn from what comes before them: known ones that come later are kept, but have no say.
    /// </param>
    /// <returns>Images of zeros and ones, one after another.</returns>
    /// <exception cref="ArgumentException">What is to be completed is not <paramref name="count"/> images.</exception>
    float[] Sample(int count, RandomStream random, ReadOnlySpan<float> known = default);
}
