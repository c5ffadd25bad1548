using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// A VAE whose latents are a grid of codes (van den Oord, Vinyals and Kavukcuoglu 2017, arXiv:1711.00937): the encoder's vectors are
/// replaced by the nearest ones of a codebook. q(z|x) has all its mass on one grid of codes, and while the prior is uniform its divergence
/// is constant. Images are [batch, height, width, channels] in [0, 1].
/// </summary>
public sealed class VqVae : Module
{
    /// <summary>The least log-scale of a pixel's logistic distribution: narrower ones differ in no level.</summary>
    private const double LeastLogScale = -7;

    /// <summary>Joins an encoder, a codebook and a decoder.</summary>
    /// <param name="encoder">From images to vectors: [batch, rows, columns, depth].</param>
    /// <param name="quantizer">The codebook.</param>
    /// <param name="decoder">From vectors to outputs for each pixel: [batch, height, width, channels], and twice as many channels for
    /// <see cref="PixelLikelihood.Logistic"/>.</param>
    /// <param name="likelihood">The distribution of pixels given the decoder's outputs.</param>
    /// <param name="commitment">beta, the weight of the commitment; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative, or not finite.</exception>
    public VqVae(
        Module encoder, VectorQuantizer quantizer, Module decoder, PixelLikelihood likelihood = PixelLikelihood.Bernoulli,
        double commitment = 0.25)
    {
        if (!(commitment >= 0) || !double.IsFinite(commitment)) throw new ArgumentOutOfRangeException(
            nameof(commitment), commitment, $"VqVae: the weight of the commitment must be finite and not negative, found {commitment}.");
        (Likelihood, Commitment) = (likelihood, commitment);
        Encoder = AddModule("encoder", encoder);
        Quantizer = AddModule("quantizer", quantizer);
        Decoder = AddModule("decoder", decoder);
    }

    /// <summary>From images to vectors.</summary>
    public Module Encoder { get; }

    /// <summary>The codebook.</summary>
    public VectorQuantizer Quantizer { get; }

    /// <summary>From vectors to the distributions of pixels.</summary>
    public Module Decoder { get; }

    /// <summary>The distribution of pixels given the decoder's outputs.</summary>
    public PixelLikelihood Likelihood { get; }

    /// <summary>beta, the weight of the commitment.</summary>
    public double Commitment { get; }

    /// <summary>The decoder's outputs for images: [batch, height, width, channels of outputs].</summary>
    public override Tensor Forward(Tensor x) => Decoder.Forward(Quantizer.Forward(Encoder.Forward(x)));

    /// <summary>
    /// The loss (equation 3): -log p(x|e) + ||sg(z) - e||^2 + beta ||z - sg(e)||^2, summed over an image and averaged over the batch. A
    /// codebook of averages has no loss of its own.
    /// </summary>
    /// <param name="x">Images.</param>
    public VqVaeLosses Losses(Tensor x)
    {
        Quantization quantized = Quantizer.Quantize(Encoder.Forward(x));
        Tensor reconstruction = -LogLikelihood(x, Decoder.Forward(quantized.Output)).Mean();
        Tensor commitment = quantized.Commitment.Sum() / x.Shape[0], loss = reconstruction + (Commitment * commitment);
        if (quantized.Learning is { } learning) loss += learning.Sum() / x.Shape[0];
        return new VqVaeLosses(loss, reconstruction, commitment, quantized.Codes);
    }

    /// <summary>The codes of images: int32 [batch, rows, columns]. Carries no gradient.</summary>
    /// <param name="x">Images.</param>
    public Tensor Encode(Tensor x) => Quantizer.Nearest(Encoder.Forward(x));

    /// <summary>The decoder's outputs for codes.</summary>
    /// <param name="codes">int32 [batch, rows, columns].</param>
    public Tensor Decode(Tensor codes) => Decoder.Forward(Quantizer.Lookup(codes));

    /// <summary>log p(x|e) of each image, in nats: [batch].</summary>
    /// <param name="x">Images.</param>
    /// <param name="outputs">The decoder's outputs.</param>
    public Tensor LogLikelihood(Tensor x, Tensor outputs)
    {
        (int batch, int pixels) = (x.Shape[0], x.Shape.Stride(0));
        Tensor flat = x.Reshape(batch, pixels);
        if (Likelihood == PixelLikelihood.Bernoulli)
            return Autograd.Likelihoods.LogLikelihood.Bernoulli(outputs.Reshape(batch, pixels), flat);
        Tensor scale = outputs.Slice(-1, x.Shape[-1], x.Shape[-1]).Clamp(LeastLogScale, double.PositiveInfinity);
        return Autograd.Likelihoods.LogLikelihood.DiscretizedLogistic(
            flat, Means(outputs).Reshape(batch, pixels), scale.Reshape(batch, pixels), low: 0, high: 1);
    }

    /// <summary>The mean of each pixel, in [0, 1]: [batch, height, width, channels].</summary>
    /// <param name="outputs">The decoder's outputs.</param>
    public Tensor Means(Tensor outputs) =>
        (Likelihood == PixelLikelihood.Bernoulli ? outputs : outputs.Slice(-1, 0, outputs.Shape[-1] / 2)).Sigmoid();

    /// <summary>The codes of images, batch by batch.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="shape">Their shape, [images, height, width, channels].</param>
    /// <param name="atOnce">Images in a batch; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <returns>[images, rows, columns], in row-major order.</returns>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public int[] Encode(ReadOnlySpan<float> images, Shape shape, int atOnce = 100, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        if (shape.Rank != 4 || images.Length != shape.Count) throw new ArgumentException(
            $"VqVae: expected the elements of images [images, height, width, channels], found {images.Length} for {shape}.");
        List<int> codes = [];
        int length = shape.Stride(0);
        using IDisposable evaluation = Evaluating();
        for (int first = 0; first < shape[0]; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(atOnce, shape[0] - first);
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images.Slice(first * length, count * length), shape.With(0, count)).Cast(Parameters[0].DType);
            codes.AddRange(Encode(x).ToInts());
        }

        return [.. codes];
    }

    /// <summary>The means of pixels for codes, batch by batch.</summary>
    /// <param name="codes">[images, rows, columns], in row-major order.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="atOnce">Images in a batch; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <returns>Images in [0, 1], one after another.</returns>
    /// <exception cref="ArgumentException">A length does not fit the shape, or a number is no code.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Decode(ReadOnlySpan<int> codes, Shape shape, int atOnce = 100, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        if (shape.Rank != 3 || codes.Length != shape.Count) throw new ArgumentException(
            $"VqVae: expected codes [images, rows, columns], found {codes.Length} for {shape}.");
        List<float> images = [];
        int length = shape.Stride(0);
        using IDisposable evaluation = Evaluating();
        for (int first = 0; first < shape[0]; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(atOnce, shape[0] - first);
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor part = Tensor.From(codes.Slice(first * length, count * length), shape.With(0, count));
            images.AddRange(Means(Decode(part)).Cast(DType.Float32).ToArray());
        }

        return [.. images];
    }
}

/// <summary>The distribution of an image's pixels given the decoder's outputs.</summary>
public enum PixelLikelihood
{
    /// <summary>Each pixel is on with probability sigmoid(output).</summary>
    Bernoulli,

    /// <summary>
    /// Each pixel has one of 256 levels, by a logistic distribution that is cut into bins: its mean is the sigmoid of one output, the
    /// logarithm of its scale another.
    /// </summary>
    Logistic,
}

/// <summary>A loss to differentiate, and its parts, summed over an image and averaged over the batch.</summary>
/// <param name="Loss">What is minimised: a scalar on the tape.</param>
/// <param name="Reconstruction">-log p(x|e), in nats.</param>
/// <param name="Commitment">||z - e||^2, without its weight.</param>
/// <param name="Codes">The codes: int32 [batch, rows, columns].</param>
public readonly record struct VqVaeLosses(Tensor Loss, Tensor Reconstruction, Tensor Commitment, Tensor Codes);
