using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>What models of binary images have in common: see <see cref="IPixelModel"/>.</summary>
internal static class PixelModels
{
    /// <summary>log p(x) of each image, some at a time.</summary>
    internal static double[] LogLikelihood<TModel>(TModel model, ReadOnlySpan<float> images, int rows) where TModel : Module, IPixelModel
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        int pixels = model.Pixels;
        if (images.Length % pixels != 0) throw new ArgumentException(
            $"A whole number of images of {pixels} pixels was expected, found {images.Length} values.");
        double[] result = new double[images.Length / pixels];
        using IDisposable evaluation = model.Evaluating();
        for (int first = 0; first < result.Length; first += rows)
        {
            int count = Math.Min(rows, result.Length - first);
            using Tape tape = new(model.Parameters[0].Device, record: false);
            Tensor x = Tensor.From(images.Slice(first * pixels, count * pixels), [count, pixels]).Cast(model.Parameters[0].DType);
            model.LogLikelihood(x).ToDoubles().CopyTo(result, first);
        }

        return result;
    }

    /// <summary>Draws images by passes through the whole model, one for each pixel that is to be drawn.</summary>
    /// <param name="model">The model.</param>
    /// <param name="order">The pixels in the order in which they are drawn.</param>
    /// <param name="count">How many images.</param>
    /// <param name="random">Where randomness comes from.</param>
    /// <param name="known">What to complete, or nothing.</param>
    internal static float[] Sample<TModel>(TModel model, ReadOnlySpan<int> order, int count, RandomStream random, ReadOnlySpan<float> known)
        where TModel : Module, IPixelModel
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int pixels = model.Pixels;
        Device device = model.Parameters[0].Device;
        float[] images = Start(count, pixels, known, out bool[] isOpen), chances = Chances(count * pixels, random, device);
        using IDisposable evaluation = model.Evaluating();
        foreach (int pixel in order)
        {
            if (!isOpen[pixel]) continue;
            using Tape tape = new(device, record: false);
            double[] logits = model.Forward(Tensor.From(images, [count, pixels]).Cast(model.Parameters[0].DType)).ToDoubles();
            for (int i = 0; i < count; i++)
            {
                int at = (i * pixels) + pixel;
                if (known.Length == 0 || !(known[at] >= 0)) images[at] = Draw(logits[at], chances[at]);
            }
        }

        return images;
    }

    /// <summary>The images to begin with, 0 where a pixel is to be drawn, and which pixels are to be drawn of some image.</summary>
    /// <exception cref="ArgumentException">What is to be completed is not <paramref name="count"/> images.</exception>
    internal static float[] Start(int count, int pixels, ReadOnlySpan<float> known, out bool[] isOpen)
    {
        if (known.Length > 0 && known.Length != count * pixels)
            throw new ArgumentException(
                $"To complete {count} images of {pixels} pixels, {count * pixels} values were expected, found {known.Length}.");
        float[] images = new float[count * pixels];
        isOpen = new bool[pixels];
        for (int i = 0; i < images.Length; i++)
        {
            bool isKnown = known.Length > 0 && known[i] >= 0;
            isOpen[i % pixels] |= !isKnown;
            if (isKnown) images[i] = known[i];
        }

        return images;
    }

    /// <summary>A number uniform in [0, 1) for each pixel.</summary>
    internal static float[] Chances(int count, RandomStream random, Device device)
    {
        using Tape tape = new(device, record: false);
        return Tensor.Uniform([count], random).ToArray();
    }

    /// <summary>A pixel: 1 with probability sigmoid(logit).</summary>
    internal static float Draw(double logit, float chance) => chance < 1 / (1 + Math.Exp(-logit)) ? 1 : 0;
}
