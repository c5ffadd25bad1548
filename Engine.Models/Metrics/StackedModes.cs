using Engine.Models.Classification;
using Engine.Models.Data;

namespace Engine.Models.Metrics;

/// <summary>
/// Counts the thousand modes of <see cref="StackedDigits"/> among samples: a classifier says the digit in each channel (Metz et al. 2016,
/// arXiv:1611.02163, section 3.3.1). Papers draw 26,000 samples, of which even a perfect model shows a divergence of about 0.019 by chance:
/// (modes - 1) / (2 samples).
/// </summary>
/// <param name="classifier">A classifier of single digits.</param>
public sealed class StackedModes(DigitClassifier classifier)
{
    private const int Pixels = DigitClassifier.Side * DigitClassifier.Side;
    private readonly DigitClassifier _classifier = classifier ?? throw new ArgumentNullException(nameof(classifier));
    private readonly int[] _counts = new int[StackedDigits.Modes];

    /// <summary>The samples of each mode, at 100 red + 10 green + blue.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>The samples so far.</summary>
    public int Total { get; private set; }

    /// <summary>The modes with at least one sample.</summary>
    public int Covered => _counts.Count(count => count > 0);

    /// <summary>
    /// The Kullback-Leibler divergence KL(p || q) in nats of the shares p of the modes among samples from equal ones q: 0 when all are
    /// equally frequent, log 1000 = 6.9 when there is only one; infinite without samples.
    /// </summary>
    public double Divergence => ModeDivergence.FromUniform(_counts);

    /// <summary>Counts samples.</summary>
    /// <param name="samples">[samples, 28, 28, 3], in [-1, 1].</param>
    /// <exception cref="ArgumentException">There is no whole number of images.</exception>
    public void Add(ReadOnlySpan<float> samples)
    {
        if (samples.Length % (3 * Pixels) != 0) throw new ArgumentException(
            $"StackedModes: expected images of {3 * Pixels} values each, found {samples.Length} values in all.");
        const int AtOnce = 100;
        float[] channels = new float[3 * AtOnce * Pixels];
        for (int at = 0; at < samples.Length; at += 3 * AtOnce * Pixels)
        {
            ReadOnlySpan<float> some = samples.Slice(at, Math.Min(3 * AtOnce * Pixels, samples.Length - at));

            // [images, 784, 3] to [images, 3, 784]: each channel is an image for the classifier
            for (int i = 0; i < some.Length; i++)
            {
                (int image, int place) = Math.DivRem(i, 3 * Pixels);
                channels[(((image * 3) + (place % 3)) * Pixels) + (place / 3)] = some[i];
            }

            float[] probabilities = _classifier.Probabilities(channels.AsSpan(0, some.Length));
            for (int image = 0; image < some.Length / (3 * Pixels); image++)
            {
                int mode = 0;
                for (int channel = 0; channel < 3; channel++) mode = (10 * mode) + ClassCounts.MostProbable(
                    probabilities.AsSpan(((image * 3) + channel) * DigitClassifier.Classes, DigitClassifier.Classes));
                _counts[mode]++;
                Total++;
            }
        }
    }
}
