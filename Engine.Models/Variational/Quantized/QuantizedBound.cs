using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// What a <see cref="VqVae"/> and a <see cref="CodePrior"/> make of images that they have not seen, means over the images. p(x) is a sum
/// over all grids of codes, of which that of the encoder is one: -log p(x) is at most -log p(x|codes) - log p(codes).
/// </summary>
/// <param name="Reconstruction">-log p(x|codes), in nats.</param>
/// <param name="Codes">-log p(codes) with the learned prior, in nats.</param>
/// <param name="Uniform">-log p(codes) with a uniform prior, places log codes, in nats.</param>
/// <param name="Perplexity">e^H of how often each code was used over all images.</param>
public readonly record struct QuantizedBound(double Reconstruction, double Codes, double Uniform, double Perplexity)
{
    /// <summary>An upper bound of -log p(x) with the learned prior, in nats.</summary>
    public double Total => Reconstruction + Codes;

    /// <summary>An upper bound of -log p(x) with a uniform prior, in nats.</summary>
    public double WithUniformPrior => Reconstruction + Uniform;

    /// <summary>Measures images.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prior">The prior of its codes.</param>
    /// <param name="images">Images in [0, 1], one after another; at least one.</param>
    /// <param name="shape">Their shape, [images, height, width, channels].</param>
    /// <param name="atOnce">Images in a batch; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape, or the prior not the model.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static QuantizedBound Of(
        VqVae model, CodePrior prior, ReadOnlySpan<float> images, Shape shape, int atOnce = 100, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prior);
        if (prior.Codes != model.Quantizer.Codes) throw new ArgumentException(
            $"QuantizedBound: expected a prior of {model.Quantizer.Codes} codes, found one of {prior.Codes}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        if (shape.Rank != 4 || shape[0] < 1 || images.Length != shape.Count) throw new ArgumentException(
            $"QuantizedBound: expected the elements of images [images, height, width, channels], found {images.Length} for {shape}.");
        int length = shape.Stride(0);
        List<int> all = [];
        double reconstruction = 0;
        using IDisposable evaluation = model.Evaluating();
        for (int first = 0; first < shape[0]; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(atOnce, shape[0] - first);
            using Tape tape = new(model.Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images.Slice(first * length, count * length), shape.With(0, count)).Cast(model.Parameters[0].DType);
            Tensor codes = model.Encode(x);
            reconstruction -= model.LogLikelihood(x, model.Decode(codes)).ToDoubles().Sum();
            all.AddRange(codes.ToInts());
        }

        int[] used = [.. all];
        double ofCodes = -prior.LogLikelihood(used, atOnce, cancellation).Sum();
        return new QuantizedBound(
            reconstruction / shape[0], ofCodes / shape[0], prior.Places * Math.Log(prior.Codes), UsePerplexity(used));
    }

    /// <summary>e^H of the shares p of the codes, with H = -sum(p log p).</summary>
    private static double UsePerplexity(int[] codes) =>
        Math.Exp(-codes.CountBy(code => code).Sum(used => (double)used.Value / codes.Length * Math.Log((double)used.Value / codes.Length)));
}
