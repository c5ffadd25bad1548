using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Autoregressive.Pixels;

public abstract partial class PixelCnnModel
{
    /// <summary>-log p(x) of each of many images, in nats, a part of them at a time and without dropout.</summary>
    /// <param name="images">Pixels in [0, 1], image after image.</param>
    /// <param name="shape">[images, height, width, 1].</param>
    /// <param name="labels">The class of each image, for a model that is told of classes.</param>
    /// <param name="atOnce">Images that are computed together, at least 1.</param>
    /// <exception cref="ArgumentException">The shape or the labels do not fit.</exception>
    public double[] NegativeLogLikelihoods(ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, int atOnce = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        if (shape.Rank != 4 || images.Length != shape.Count)
            throw new ArgumentException($"NegativeLogLikelihoods: expected {shape.Count} pixels for {shape}, found {images.Length}.");
        if (!labels.IsEmpty && labels.Length != shape[0]) throw new ArgumentException(
            $"NegativeLogLikelihoods: {labels.Length} labels for {shape[0]} images.");
        double[] nats = new double[shape[0]];
        int length = shape[1] * shape[2] * shape[3];
        using IDisposable evaluation = Evaluating();
        for (int first = 0; first < nats.Length; first += atOnce)
        {
            int count = Math.Min(atOnce, nats.Length - first);
            using Tape tape = new(Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images.Slice(first * length, count * length), shape.With(0, count)).Cast(Parameters[0].DType);
            Tensor? classes = labels.IsEmpty ? null : Tensor.From(labels.Slice(first, count), [count]);
            NegativeLogLikelihood(x, classes).ToDoubles().CopyTo(nats.AsSpan(first));
        }

        return nats;
    }

    /// <summary>A negative log-likelihood in bits for each pixel.</summary>
    /// <param name="nats">That of an image, in nats.</param>
    /// <param name="pixels">Pixels of an image, at least 1.</param>
    public static double BitsPerPixel(double nats, int pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        return nats / (pixels * Math.Log(2));
    }
}
