using System.Globalization;

namespace Engine.Models.Classification;

/// <summary>
/// Counts the samples that a classifier takes for the class that was asked for: whether a conditional model does what it is told.
/// </summary>
public sealed class ClassAgreement
{
    private readonly int[] _asked, _given;

    /// <summary>Creates an empty count.</summary>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no classes.</exception>
    public ClassAgreement(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        (_asked, _given) = (new int[classes], new int[classes]);
    }

    /// <summary>The number of samples.</summary>
    public int Total => _asked.Sum();

    /// <summary>The share of samples of the class that was asked for, from 0 to 1; 0 when there are no samples.</summary>
    public double Share => Total == 0 ? 0 : (double)_given.Sum() / Total;

    /// <summary>The class that is obeyed least, of those that were asked for; the first of several.</summary>
    public int Worst => Enumerable.Range(0, _asked.Length).Where(c => _asked[c] > 0).DefaultIfEmpty(0).MinBy(ShareOf);

    /// <summary>Counts samples.</summary>
    /// <param name="probabilities">The probability of each class for each sample, [samples, classes].</param>
    /// <param name="asked">The class that was asked for, of each.</param>
    /// <exception cref="ArgumentException">There are not as many probabilities as classes for each sample, or a class is none.</exception>
    public void Add(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> asked)
    {
        int classes = _asked.Length;
        if (probabilities.Length != asked.Length * classes) throw new ArgumentException(
            $"Expected {classes} probabilities for each of {asked.Length} samples, found {probabilities.Length} in all.");
        foreach (int wanted in asked)
            if ((uint)wanted >= (uint)classes) throw new ArgumentException($"Expected classes from 0 to {classes - 1}, found {wanted}.");
        for (int i = 0; i < asked.Length; i++)
        {
            _asked[asked[i]]++;
            if (ClassCounts.MostProbable(probabilities.Slice(i * classes, classes)) == asked[i]) _given[asked[i]]++;
        }
    }

    /// <summary>The share of a class's samples that are taken for it, from 0 to 1; 0 when none were asked for.</summary>
    /// <param name="asked">The class.</param>
    public double ShareOf(int asked) => _asked[asked] == 0 ? 0 : (double)_given[asked] / _asked[asked];

    /// <summary>The share of all and of each class in percent, and the number of samples, on one line.</summary>
    public override string ToString()
    {
        IEnumerable<string> shares = Enumerable.Range(0, _asked.Length)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c}: {100 * ShareOf(c):F1} %"));
        return string.Create(
            CultureInfo.InvariantCulture, $"{100 * Share:F2} % of {Total} samples ({string.Join("  ", shares)})");
    }
}
