using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Flow;

public sealed partial class ImageFlow
{
    /// <summary>
    /// log P(x) of each image, in nats: the logarithm of the mean over draws of the noise of p / q, which is a bound that grows with the samples and goes to log P(x). One
    /// sample is the bound of training.
    /// </summary>
    /// <param name="images">Grey levels, one image after another.</param>
    /// <param name="samples">Draws of the noise for each image; at least 1.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <param name="batch">Images in a pass.</param>
    public double[] LogLikelihood(ReadOnlySpan<byte> images, int samples, RandomStream random, int batch = 50)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        int length = Flow.Example.Count, count = images.Length / length;
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
                draws[s] = Bound(Tensor.From(levels, new Shape([size, .. Flow.Example.ToArray()])).Cast(Parameters[0].DType), random).ToDoubles();
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
    public double BitsOf(ReadOnlySpan<byte> images, int samples, RandomStream random) =>
        BitsPerDimension.OfLogLikelihood(LogLikelihood(images, samples, random).Average(), Flow.Example.Count);
}
