using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

public sealed partial class ImageFlow
{
    /// <summary>
    /// log P(x) of each image, in nats: the logarithm of the mean over draws of the noise of p / q, which is a bound that grows with the
    /// samples and goes to log P(x). One sample is the bound of training.
    /// </summary>
    /// <param name="images">Grey levels, one image after another.</param>
    /// <param name="samples">Draws of the noise for each image; at least 1.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <param name="batch">Images in a pass; at least 1.</param>
    /// <exception cref="ArgumentException">The length is not a whole number of images.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is less than 1.</exception>
    public double[] LogLikelihood(ReadOnlySpan<byte> images, int samples, RandomStream random, int batch = 50)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        int length = Flow.Example.Count, count = images.Length / length;
        if (images.Length != count * length) throw new ArgumentException(
            $"LogLikelihood: expected images of {length} numbers each, found {images.Length} numbers in all.");
        double[] result = new double[count];
        for (int first = 0; first < count; first += batch)
        {
            int size = Math.Min(batch, count - first);
            float[] levels = new float[size * length];
            for (int i = 0; i < levels.Length; i++) levels[i] = images[(first * length) + i];
            double[][] draws = new double[samples][];
            for (int s = 0; s < samples; s++)
            {
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
    /// <param name="random">Where the noise comes from.</param>
    /// <exception cref="ArgumentException">There is no image, or the length is not a whole number of them.</exception>
    public double BitsOf(ReadOnlySpan<byte> images, int samples, RandomStream random)
    {
        if (images.IsEmpty) throw new ArgumentException("BitsOf: at least one image is needed, found none.");
        return BitsPerDimension.OfLogLikelihood(LogLikelihood(images, samples, random).Average(), Flow.Example.Count);
    }
}
