using System.Globalization;

namespace Engine.Models.Classification;

/// <summary>
/// Which classes a classifier finds among samples, and how confident it is: a generator that has lost a mode leaves a class out or
/// nearly so, one whose samples resemble no class leaves the classifier unsure.
/// </summary>
public sealed class ClassCounts
{
    private readonly int[] _counts;
    private double _confidence;

    /// <summary>Creates empty counts.</summary>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no class.</exception>
    public ClassCounts(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _counts = new int[classes];
    }

    /// <summary>The number of samples of each class.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>The number of samples.</summary>
    public int Total { get; private set; }

    /// <summary>
    /// The mean over samples of the probability of the class that is most probable for each; 0 when there are no samples.
    /// </summary>
    public double MeanConfidence => Total == 0 ? 0 : _confidence / Total;

    /// <summary>The share of the rarest class, from 0 to 1; 0 when there are no samples.</summary>
    public double SmallestShare => Total == 0 ? 0 : (double)_counts.Min() / Total;

    /// <summary>Counts samples.</summary>
    /// <param name="probabilities">The probability of each class for each sample, [samples, classes].</param>
    /// <exception cref="ArgumentException">The length is no multiple of the number of classes, or a number is no probability.</exception>
    public void Add(ReadOnlySpan<float> probabilities)
    {
        int classes = _counts.Length;
        if (probabilities.Length % classes != 0)
            throw new ArgumentException($"Expected {classes} probabilities for each sample, found {probabilities.Length} in all.");
        foreach (float p in probabilities)
            if (!(p is >= 0 and <= 1.0001f)) throw new ArgumentException($"Expected probabilities from 0 to 1, found {p}.");
        for (int i = 0; i < probabilities.Length; i += classes)
        {
            ReadOnlySpan<float> sample = probabilities.Slice(i, classes);
            int best = MostProbable(sample);
            _counts[best]++;
            _confidence += sample[best];
            Total++;
        }
    }

    /// <summary>The share of a class, from 0 to 1; 0 when there are no samples.</summary>
    public double Share(int ofClass) => Total == 0 ? 0 : (double)_counts[ofClass] / Total;

    /// <summary>The classes that have less than a share of the samples: the modes that are missing.</summary>
    /// <param name="least">The share that a class should have, from 0 to 1.</param>
    public IReadOnlyList<int> Missing(double least) => [.. Enumerable.Range(0, _counts.Length).Where(c => Share(c) < least)];

    /// <summary>The shares in percent, the mean confidence and the number of samples, on one line.</summary>
    public override string ToString()
    {
        IEnumerable<string> shares = Enumerable.Range(0, _counts.Length)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c}: {100 * Share(c):F1} %"));
        return string.Create(CultureInfo.InvariantCulture,
            $"{string.Join("  ", shares)}  (mean confidence {MeanConfidence:F3}, {Total} samples)");
    }

    /// <summary>The class with the largest probability; the first of several.</summary>
    internal static int MostProbable(ReadOnlySpan<float> probabilities)
    {
        int best = 0;
        for (int c = 1; c < probabilities.Length; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return best;
    }
}
