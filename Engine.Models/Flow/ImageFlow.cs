using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

/// <summary>
/// A flow for images of whole-numbered grey levels. A density can give such numbers any likelihood, so noise u in [0, 1) is added to each
/// (dequantisation), and log P(x) >= E[log p((x + u) / levels) - log q(u | x)] - n log levels. The noise is uniform, with log q = 0 (Uria
/// et al. 2013, arXiv:1306.0186), or comes from a flow that sees the image and is trained on the same bound (variational dequantisation: Ho
/// et al. 2019, arXiv:1902.00275).
/// </summary>
public sealed class ImageFlow : Module
{
    private readonly FlowTransform? _noise;

    /// <summary>Creates the model.</summary>
    /// <param name="flow">The density of images in [0, 1].</param>
    /// <param name="noise">
    /// Transforms logistic noise, with the image, from -1 to 1, as context; a sigmoid follows. Null for uniform
    /// noise, which is what the identity would give.
    /// </param>
    /// <param name="levels">How many grey levels there are.</param>
    public ImageFlow(NormalizingFlow flow, FlowTransform? noise = null, int levels = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2);
        Flow = AddModule("flow", flow);
        if (noise is not null) _noise = AddModule("noise", noise);
        Levels = levels;
    }

    /// <summary>The density of images in [0, 1].</summary>
    public NormalizingFlow Flow { get; }

    /// <summary>How many grey levels there are.</summary>
    public int Levels { get; }

    /// <summary>The latents of grey levels in the middle of their steps.</summary>
    public override Tensor Forward(Tensor x) => Flow.Forward((x + 0.5) / Levels);

    /// <summary>
    /// Sets parameters from data before training, such as the scales of <see cref="ActNorm"/>, from images with uniform noise.
    /// </summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">The source of the noise.</param>
    public void Initialize(Tensor x, RandomStream random)
    {
        if (Flow.Transform.HasDataDependentInitialization) Flow.Transform.Initialize(
            (x + Tensor.Uniform(x.Shape, random, dtype: x.DType)) / Levels);
    }

    /// <summary>A draw of the bound on log P(x) of each image, in nats: [batch].</summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">The source of the noise.</param>
    public Tensor Bound(Tensor x, RandomStream random)
    {
        (Tensor u, Tensor? logDensity) = Noise(x, random);
        Tensor bound = Flow.LogDensity((x + u) / Levels) - (x.Count / x.Shape[0] * Math.Log(Levels));
        return logDensity is null ? bound : bound - logDensity;
    }

    /// <summary>The loss of a batch: the negative bound in bits for each dimension.</summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">The source of the noise.</param>
    public Tensor Loss(Tensor x, RandomStream random) => Bound(x, random).Mean() * (-1 / BitsPerDimension.NatsPerBit(x.Count / x.Shape[0]));

    /// <summary>
    /// Grey levels of images that are drawn, from 0 to 1: floor(levels x) / (levels - 1). NaN, in a flow that has diverged, becomes
    /// 0.
    /// </summary>
    /// <param name="latents">Latents of images: [images, ...].</param>
    /// <param name="atOnce">Images in a pass; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="atOnce"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Decode(Tensor latents, int atOnce = 16, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        int count = latents.Shape[0];
        float[] pixels = new float[count * Flow.Example.Count];
        for (int first = 0; first < count; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(latents.Device, record: false);
            Tensor part = latents.Slice(0, first, Math.Min(atOnce, count - first));
            Flow.Transform.Invert(part).Value.Cast(DType.Float32).ToArray().CopyTo(pixels, first * Flow.Example.Count);
        }

        for (int i = 0; i < pixels.Length; i++) pixels[i] = float.IsNaN(pixels[i]) ? 0
            : Math.Clamp(MathF.Floor(pixels[i] * Levels), 0, Levels - 1) / (Levels - 1);
        return pixels;
    }

    // u = sigmoid(n(e)), e logistic: log q(u | x) = log p(e) - log |det dn/de| - log |det du/dn|
    private (Tensor Noise, Tensor? LogDensity) Noise(Tensor x, RandomStream random)
    {
        if (_noise is null) return (Tensor.Uniform(x.Shape, random, dtype: x.DType), null);
        Tensor e = BaseDistribution.Logistic.Sample(x.Shape, random, dtype: x.DType);
        Transformed made = _noise.Apply(e, x.Affine(2.0 / (Levels - 1), -1));

        // log du/dn = -softplus(n) - softplus(-n), the logarithm of the logistic density
        Tensor logSlopes = BaseDistribution.Logistic.LogDensity(made.Value);
        return (made.Value.Sigmoid(), BaseDistribution.Logistic.LogDensity(e) - made.LogDeterminant - logSlopes);
    }

    /// <summary>
    /// log P(x) of each image, in nats: the logarithm of the mean over draws of the noise of p / q, which is a bound that grows with the
    /// samples and goes to log P(x). One sample is the bound of training.
    /// </summary>
    /// <param name="images">Grey levels, one image after another.</param>
    /// <param name="samples">Draws of the noise for each image; at least 1.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="batch">Images in a pass; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass.</param>
    /// <exception cref="ArgumentException">The length is not a whole number of images.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double[] LogLikelihood(
        ReadOnlySpan<byte> images, int samples, RandomStream random, int batch = 50, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        int length = Flow.Example.Count, count = images.Length / length;
        if (images.Length != count * length) throw new ArgumentException(
            $"LogLikelihood: expected images of {length} values each, found {images.Length} values in all.");
        double[] result = new double[count];
        for (int first = 0; first < count; first += batch)
        {
            int size = Math.Min(batch, count - first);
            float[] levels = new float[size * length];
            for (int i = 0; i < levels.Length; i++) levels[i] = images[(first * length) + i];
            double[][] draws = new double[samples][];
            for (int s = 0; s < samples; s++)
            {
                cancellation.ThrowIfCancellationRequested();
                using Tape tape = new(Parameters[0].Device, record: false);
                draws[s] = Bound(Tensor.From(levels, new Shape([size, .. Flow.Example.ToArray()])).Cast(Parameters[0].DType), random)
                    .ToDoubles();
            }

            for (int i = 0; i < size; i++)
            {
                double largest = draws.Max(draw => draw[i]);
                result[first + i] = largest + Math.Log(draws.Average(draw => Math.Exp(draw[i] - largest)));
            }
        }

        return result;
    }

    /// <summary>Bits for each dimension of some images, by <see cref="LogLikelihood"/>.</summary>
    /// <param name="images">Grey levels, one image after another.</param>
    /// <param name="samples">Draws of the noise for each image; at least 1.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="ArgumentException">There is no image, or the length is not a whole number of them.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double BitsOf(ReadOnlySpan<byte> images, int samples, RandomStream random, CancellationToken cancellation = default)
    {
        if (images.IsEmpty) throw new ArgumentException("BitsOf: at least one image is needed, found none.");
        double[] nats = LogLikelihood(images, samples, random, cancellation: cancellation);
        return BitsPerDimension.OfLogLikelihood(nats.Average(), Flow.Example.Count);
    }
}

/// <summary>The likelihood of images in bits for each pixel and channel.</summary>
public static class BitsPerDimension
{
    /// <summary>From log P(x), in nats, of whole-numbered grey levels: -log2 P(x) / dimensions.</summary>
    /// <param name="logLikelihood">log P(x).</param>
    /// <param name="dimensions">Pixels times channels.</param>
    public static double OfLogLikelihood(double logLikelihood, int dimensions) => -logLikelihood / NatsPerBit(dimensions);

    /// <summary>
    /// From a log-density, in nats, of images with uniform noise that were scaled to [0, 1]: log2(levels) - log2 p(x) / dimensions. So is
    /// 4.36 of NICE its published 1980.50 nats.
    /// </summary>
    /// <param name="logDensity">log p(x).</param>
    /// <param name="dimensions">Pixels times channels.</param>
    /// <param name="levels">Grey levels before the scaling.</param>
    public static double OfLogDensity(double logDensity, int dimensions, int levels = 256) =>
        Math.Log2(levels) - (logDensity / NatsPerBit(dimensions));

    /// <summary>How many nats of log-likelihood are one bit for each dimension.</summary>
    internal static double NatsPerBit(int dimensions) => dimensions * Math.Log(2);
}
