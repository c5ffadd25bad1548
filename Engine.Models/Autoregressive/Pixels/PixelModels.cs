using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// A density of images, p(x) = product over d of p(x_d | x before d) in some order of the pixels. Pixels are in [0, 1]; those of a model
/// with two levels are zeros and ones.
/// </summary>
public interface IPixelModel
{
    /// <summary>The number of classes that the model is conditioned on; 0 for an unconditional model.</summary>
    int Classes { get; }

    /// <summary>log p(x) of each image, in nats, differentiable: [batch].</summary>
    /// <param name="images">[batch, height, width, 1]; models of a fixed size also take [batch, pixels].</param>
    /// <param name="labels">The class of each image, int32 [batch], for a class-conditional model; else null.</param>
    /// <exception cref="ArgumentException">A shape does not fit, or labels are missing or superfluous.</exception>
    Tensor LogLikelihood(Tensor images, Tensor? labels = null);

    /// <summary>log p(x) of each image, in nats, computed batch by batch and without dropout.</summary>
    /// <param name="images">Images, one after another.</param>
    /// <param name="shape">Their shape, [images, height, width, 1].</param>
    /// <param name="labels">The class of each image, for a class-conditional model; else empty.</param>
    /// <param name="atOnce">Images in a batch; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <returns>One value for each image.</returns>
    /// <exception cref="ArgumentException">A length does not fit the shape, or labels are missing or superfluous.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    double[] LogLikelihood(
        ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels = default, int atOnce = 100,
        CancellationToken cancellation = default);

    /// <summary>Samples images pixel by pixel, each pixel from its distribution given those before it.</summary>
    /// <param name="shape">The shape of the images, [images, height, width, 1].</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="known">
    /// Images to complete, one after another, in which a negative value or NaN marks a pixel to draw. Empty draws all pixels. A pixel is
    /// drawn given the pixels before it: known pixels that come later are kept, but do not influence it.
    /// </param>
    /// <param name="labels">The class of each image, for a class-conditional model; else empty.</param>
    /// <param name="temperature">Divides the logits: 1 samples from the model, less favours likely pixels.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pixel.</param>
    /// <returns>Pixels in [0, 1], one image after another.</returns>
    /// <exception cref="ArgumentException">A length does not fit the shape, or labels are missing or superfluous.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no images, or the temperature is not positive and finite.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    float[] Sample(
        Shape shape, RandomStream random, ReadOnlySpan<float> known = default, ReadOnlySpan<int> labels = default, double temperature = 1,
        CancellationToken cancellation = default);
}

/// <summary>What implementations of <see cref="IPixelModel"/> share.</summary>
internal static class PixelModels
{
    /// <summary>Images [batch, ...] as [batch, pixels].</summary>
    /// <exception cref="ArgumentException">The images have another number of pixels, or there are labels.</exception>
    internal static Tensor Flat(string model, int pixels, Tensor images, Tensor? labels)
    {
        if (labels is not null) throw NoClasses(model);
        CheckPixels(model, pixels, images.Shape);
        return images.Shape.Rank == 2 ? images : images.Reshape(images.Shape[0], pixels);
    }

    /// <summary>log p(x) of each image, batch by batch.</summary>
    internal static double[] LogLikelihood<TModel>(
        TModel model, ReadOnlySpan<float> images, Shape shape, ReadOnlySpan<int> labels, int atOnce, CancellationToken cancellation)
        where TModel : Module, IPixelModel
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atOnce, 1);
        if (shape.Rank < 2 || images.Length != shape.Count)
            throw new ArgumentException($"LogLikelihood: expected {shape.Count} pixels for {shape}, found {images.Length}.");
        if (!labels.IsEmpty && labels.Length != shape[0])
            throw new ArgumentException($"LogLikelihood: expected {shape[0]} labels, one for each image, found {labels.Length}.");
        double[] nats = new double[shape[0]];
        int pixels = shape.Count / Math.Max(1, shape[0]);
        using IDisposable evaluation = model.Evaluating();
        for (int first = 0; first < nats.Length; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(atOnce, nats.Length - first);
            using Tape tape = new(model.Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images.Slice(first * pixels, count * pixels), shape.With(0, count)).Cast(model.Parameters[0].DType);
            Tensor? classes = labels.IsEmpty ? null : Tensor.From(labels.Slice(first, count), [count]);
            model.LogLikelihood(x, classes).ToDoubles().CopyTo(nats.AsSpan(first));
        }

        return nats;
    }

    /// <summary>Samples binary images by passes through the whole network, one for each pixel to draw.</summary>
    /// <param name="model">The model.</param>
    /// <param name="logits">The logit of each pixel: [batch, pixels] for [batch, pixels].</param>
    /// <param name="order">The pixels in the order in which they are drawn.</param>
    /// <param name="count">The number of images.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="known">Images to complete; empty for none.</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each pass.</param>
    internal static float[] Sample(
        Module model, Func<Tensor, Tensor> logits, ReadOnlySpan<int> order, int count, RandomStream random, ReadOnlySpan<float> known,
        double temperature = 1, CancellationToken cancellation = default)
    {
        CheckTemperature(temperature);
        int pixels = order.Length;
        Device device = model.Parameters[0].Device;
        float[] images = Start(count, pixels, known, out bool[] isOpen), chances = Chances(count * pixels, random, device);
        using IDisposable evaluation = model.Evaluating();
        foreach (int pixel in order)
        {
            if (!isOpen[pixel]) continue;
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(device, record: false);
            double[] all = logits(Tensor.From(images, [count, pixels]).Cast(model.Parameters[0].DType)).ToDoubles();
            for (int i = 0; i < count; i++)
            {
                int at = (i * pixels) + pixel;
                if (IsOpen(known, at)) images[at] = Draw(all[at] / temperature, chances[at]);
            }
        }

        return images;
    }

    /// <summary>
    /// The images to start from, 0 where a pixel is to be drawn, and for each pixel whether it is to be drawn in any of the images.
    /// </summary>
    /// <exception cref="ArgumentException">The known pixels are not those of <paramref name="count"/> images.</exception>
    internal static float[] Start(int count, int pixels, ReadOnlySpan<float> known, out bool[] isOpen)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (known.Length > 0 && known.Length != count * pixels)
            throw new ArgumentException(
                $"To complete {count} images of {pixels} pixels, {count * pixels} values were expected, found {known.Length}.");
        float[] images = new float[checked(count * pixels)];
        isOpen = new bool[pixels];
        for (int i = 0; i < images.Length; i++)
        {
            if (IsOpen(known, i)) isOpen[i % pixels] = true;
            else images[i] = known[i];
        }

        return images;
    }

    /// <summary>Whether a pixel is to be drawn: it is negative or NaN, or no pixel is known.</summary>
    internal static bool IsOpen(ReadOnlySpan<float> known, int at) => known.IsEmpty || !(known[at] >= 0);

    /// <summary>Uniform draws from [0, 1), one for each pixel.</summary>
    internal static float[] Chances(int count, RandomStream random, Device device)
    {
        using Tape tape = new(device, record: false);
        return Tensor.Uniform([count], random).ToArray();
    }

    /// <summary>A pixel: 1 with probability sigmoid(logit).</summary>
    internal static float Draw(double logit, float chance) => chance < 1 / (1 + Math.Exp(-logit)) ? 1 : 0;

    internal static void CheckPixels(string model, int pixels, Shape shape)
    {
        if (shape.Rank < 2 || shape.Count != (long)shape[0] * pixels)
            throw new ArgumentException($"{model}: expected images of {pixels} pixels, found {shape}.");
    }

    internal static void CheckTemperature(double temperature)
    {
        if (!(temperature > 0) || !double.IsFinite(temperature)) throw new ArgumentOutOfRangeException(
            nameof(temperature), temperature, "A temperature must be positive and finite.");
    }

    internal static ArgumentException NoClasses(string model) => new($"{model}: the model is not class-conditional, found labels.");
}
