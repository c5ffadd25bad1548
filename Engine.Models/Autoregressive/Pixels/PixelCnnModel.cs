using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Gemm;
using Engine.Kernels.Losses;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// A model of images by their pixels, one after another in raster order (van den Oord et al. 2016, arXiv:1601.06759): p(x) is the product
/// over all pixels of p(pixel | those before it), which are the outputs of one network at all pixels at once. Pixels have a number of
/// levels from 0 to 1; with two of them the network gives a logit of each pixel, with more the logits of a softmax or a mixture of logistic
/// distributions (Salimans et al. 2017, arXiv:1701.05517), which also has pixels in colour.
/// </summary>
public abstract partial class PixelCnnModel : Module, IPixelModel
{
    private readonly Embedding? _levelVectors;
    private readonly LogisticMixture? _mixture;

    /// <summary>Creates the base of a model.</summary>
    /// <param name="sizes">The sizes: levels of a pixel, at least 2; classes, 0 for an unconditional model; the images' size, for
    /// one that learns positions.</param>
    /// <param name="features">Features of a pixel after the first layer, to which those of its position are added.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer levels than two, or fewer classes or elements of a level's vector than
    /// none, or images without pixels.</exception>
    private protected PixelCnnModel(PixelCnnSizes sizes, int features, ModuleOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizes.Levels, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.Classes);
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.LevelFeatures);
        ArgumentOutOfRangeException.ThrowIfNegative(sizes.Mixtures);
        (Levels, Classes, Channels) = (sizes.Levels, sizes.Classes, sizes.Channels);
        if (Channels is not (1 or 3) || (Channels == 3 && sizes.Mixtures == 0) || (sizes.Mixtures > 0 && sizes.LevelFeatures > 0))
            throw new ArgumentException(
                $"{GetType().Name}: expected 1 channel, or 1 or 3 with a mixture of logistic distributions and no vectors of levels, found "
                + $"{Channels} with a mixture of {sizes.Mixtures} and vectors of {sizes.LevelFeatures} elements.");
        if (sizes.Mixtures > 0) _mixture = new LogisticMixture(sizes.Mixtures, Channels, Levels);
        if (sizes.LevelFeatures > 0) _levelVectors = AddModule("levels", new Embedding(sizes.Levels, sizes.LevelFeatures, options));
        if (sizes.Positions is { } size) Positions = AddModule("positions", new PixelPositions(size, features, options));
    }

    /// <summary>Levels of a pixel.</summary>
    public int Levels { get; }

    /// <summary>Channels of an image.</summary>
    public int Channels { get; }

    /// <summary>The number of classes that the model is conditioned on; 0 for an unconditional model.</summary>
    public int Classes { get; }

    /// <summary>
    /// A vector for each position, added to the outputs of the first layer; null for a model that treats all positions alike.
    /// </summary>
    private protected PixelPositions? Positions { get; }

    /// <summary>
    /// Outputs for each pixel: one logit for two levels, else a logit for each, or the numbers of a mixture of distributions.
    /// </summary>
    protected int Outputs => _mixture?.Outputs ?? (Levels == 2 ? 1 : Levels);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Logits(x);

    /// <summary>The logits of all pixels, or the numbers of their mixtures, each from the pixels before it alone.</summary>
    /// <param name="images">Pixels in [0, 1]: [batch, height, width, channels].</param>
    /// <param name="labels">The class of each image, int32 [batch], for a class-conditional model; else null.</param>
    /// <returns>[batch, height, width, 1] for two levels, else [batch, height, width, levels] or the numbers of a mixture.</returns>
    /// <exception cref="ArgumentException">The images have another shape, or there are labels where none are wanted or none where they
    /// are.</exception>
    public Tensor Logits(Tensor images, Tensor? labels = null)
    {
        Check(images.Shape, labels);
        Tensor x = Seen(images);
        return Along(x, Above(x, labels, null), labels, null);
    }

    /// <inheritdoc/>
    public Tensor LogLikelihood(Tensor images, Tensor? labels = null)
    {
        Tensor logits = Logits(images, labels);
        if (_mixture is not null) return _mixture.LogLikelihood(logits, images);
        return Levels == 2 ? OfBinary(logits, images) : OfLevels(logits, LevelsOf(images));
    }

    /// <summary>
    /// log p(x) of each image of an unconditional model that sees a vector for each level, [batch]: without a way through pixels.
    /// </summary>
    /// <param name="levels">The level of each pixel, int32: [batch, height, width].</param>
    internal Tensor LogLikelihoodOfLevels(Tensor levels)
    {
        Tensor x = _levelVectors!.Forward(levels), logits = Along(x, Above(x, null, null), null, null);
        return Levels == 2 ? OfBinary(logits, levels.Cast(logits.DType)) : OfLevels(logits, levels);
    }

    /// <inheritdoc/>
    public double[] LogLikelihood(
        ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, int atOnce = 100,
        CancellationToken cancellation = default) => PixelModels.LogLikelihood(this, images, shape, labels, atOnce, cancellation);

    /// <summary>A negative log-likelihood in bits for each pixel.</summary>
    /// <param name="nats">That of an image, in nats.</param>
    /// <param name="pixels">Pixels of an image, at least 1.</param>
    public static double BitsPerPixel(double nats, int pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        return nats / (pixels * Math.Log(2));
    }

    /// <summary>What the first layers see of pixels [batch, rows, columns, 1]: the vectors of their levels, or the pixels.</summary>
    private Tensor Seen(Tensor pixels) => _levelVectors is null ? pixels
        : _levelVectors.Forward(LevelsOf(pixels).Reshape(pixels.Shape[0], pixels.Shape[1], pixels.Shape[2]));

    private static Tensor OfBinary(Tensor logits, Tensor pixels)
    {
        (int batch, int count) = (pixels.Shape[0], pixels.Shape.Stride(0));
        return Autograd.Likelihoods.LogLikelihood.Bernoulli(logits.Reshape(batch, count), pixels.Reshape(batch, count));
    }

    private Tensor OfLevels(Tensor logits, Tensor levels)
    {
        (int batch, int count) = (levels.Shape[0], levels.Shape.Stride(0));
        return -Loss.CrossEntropy(logits.Reshape(batch, count, Levels), levels.Reshape(batch, count), reduction: Reduction.Rows);
    }

    /// <summary>The level of each pixel, rounded.</summary>
    private Tensor LevelsOf(Tensor pixels) => ((pixels * (Levels - 1)) + 0.5).Cast(DType.Int32);

    /// <summary>
    /// What is known of each pixel from the rows above alone: for models that compute it apart, row by row when images are drawn. Nothing
    /// for others.
    /// </summary>
    /// <param name="x">What is seen of the pixels: [batch, rows, columns, 1 or elements of a level's vector].</param>
    /// <param name="labels">The class of each image; null for an unconditional model.</param>
    /// <param name="history">Null for whole images; else what is before the one row of <paramref name="x"/>.</param>
    /// <returns>Tensors [batch, rows, columns, ...].</returns>
    private protected virtual Tensor[] Above(Tensor x, Tensor? labels, PixelHistory? history) => [];

    /// <summary>The logits, from the pixels before each in its row and what is known of the rows above.</summary>
    /// <param name="x">What is seen of the pixels: [batch, rows, columns, 1 or elements of a level's vector].</param>
    /// <param name="above">The result of <see cref="Above"/> for these pixels.</param>
    /// <param name="labels">The class of each image; null for an unconditional model.</param>
    /// <param name="history">Null for whole images; else what is before these pixels of one row.</param>
    private protected abstract Tensor Along(Tensor x, Tensor[] above, Tensor? labels, PixelHistory? history);

    /// <summary>A masked layer, on whole images or on the pixels that a history has come to.</summary>
    private protected static Tensor Convolve(MaskedConv2d layer, Tensor x, PixelHistory? history, Activation activation = default) =>
        history is null ? layer.Forward(x, activation) : history.Convolve(layer, x, activation);

    /// <summary>A vector for each image's class, to be added at every pixel: [batch, 1, 1, width].</summary>
    private protected static Tensor OfClass(Embedding vectors, Tensor labels) =>
        vectors.Forward(labels).Reshape(labels.Count, 1, 1, vectors.Weight.Shape[1]);

    private void Check(Shape images, Tensor? labels)
    {
        if (images.Rank != 4 || images[3] != Channels) throw new ArgumentException(
            $"{GetType().Name}: images must be [batch, height, width, {Channels}], found {images}.");
        if (Positions is { Weight.Shape: var places } && (images[1] != places[1] || images[2] != places[2]))
            throw new ArgumentException(
                $"{GetType().Name}: this model has learned the places of images of {places[1]} x {places[2]}, found {images}.");
        if (Classes == 0 && labels is not null) throw new ArgumentException(
            $"{GetType().Name}: this model has no classes, found labels {labels.Shape}.");
        if (Classes > 0 && (labels is null || labels.Shape != new Shape(images[0])))
            throw new ArgumentException(
                $"{GetType().Name}: a model of {Classes} classes needs a label for each of {images[0]} images, found "
                + $"{labels?.Shape.ToString() ?? "none"}.");
    }
}

/// <summary>
/// A trained vector for each position of an image, which is added to the output of a layer at that position. A convolution does the same
/// everywhere and learns from the zeros around an image alone where it is, layer after layer; but digits lie in the middle, and a pixel of
/// the border is black whatever was before it. As the positions of the pixels in Image GPT (Chen et al. 2020).
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
