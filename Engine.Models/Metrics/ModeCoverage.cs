using Engine.Models.Data;

namespace Engine.Models.Metrics;

/// <summary>
/// How many components of a <see cref="GaussianMixture"/> samples reach, and how many samples lie within one, by the protocol of VEEGAN and
/// PacGAN (Srivastava et al. 2017, arXiv:1705.07761; Lin et al. 2018, arXiv:1712.04086): a sample is good that is within three standard
/// deviations of the nearest mean, and a mode with one good sample counts. Papers draw 2,500 samples; of the mixture itself
/// 1 - exp(-9/2) = 98.9 % are good.
/// </summary>
public sealed class ModeCoverage
{
    private const double Deviations = 3;
    private readonly int[] _counts;

    private ModeCoverage(int[] counts, int total) => (_counts, Total) = (counts, total);

    /// <summary>The good samples at each mode.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>The samples, good or not.</summary>
    public int Total { get; }

    /// <summary>The modes with a good sample.</summary>
    public int Covered => _counts.Count(count => count > 0);

    /// <summary>The share of good samples, from 0 to 1.</summary>
    public double GoodShare => (double)_counts.Sum() / Total;

    /// <summary>
    /// The Kullback-Leibler divergence KL(p || q) in nats of the shares p of the modes among good samples from equal ones q: 0 when all are
    /// equally frequent, log of their number when there is only one; infinite without a good sample.
    /// </summary>
    public double Divergence => ModeDivergence.FromUniform(_counts);

    /// <summary>Counts samples.</summary>
    /// <param name="mixture">The mixture that they should be of.</param>
    /// <param name="points">x and y of each in turn. A point that is not finite is not good.</param>
    /// <exception cref="ArgumentException">There are no points, or an odd number of values.</exception>
    public static ModeCoverage Of(GaussianMixture mixture, ReadOnlySpan<float> points)
    {
        ArgumentNullException.ThrowIfNull(mixture);
        if (points.Length == 0 || points.Length % 2 != 0) throw new ArgumentException(
            $"ModeCoverage: expected x and y of at least one point, found {points.Length} values.");
        int[] counts = new int[mixture.Centers.Count];
        for (int i = 0; i < points.Length; i += 2)
        {
            (int nearest, double distance) = (-1, double.PositiveInfinity);
            for (int mode = 0; mode < counts.Length; mode++)
            {
                (double x, double y) = mixture.Centers[mode];
                double squared = ((points[i] - x) * (points[i] - x)) + ((points[i + 1] - y) * (points[i + 1] - y));
                if (squared < distance) (nearest, distance) = (mode, squared);
            }

            double most = Deviations * mixture.Deviation;
            if (distance <= most * most) counts[nearest]++;
        }

        return new ModeCoverage(counts, points.Length / 2);
    }
}

/// <summary>Divergences of the shares of modes.</summary>
internal static class ModeDivergence
{
    /// <summary>KL(p || uniform) = sum p_i log(p_i K) over K counts, in nats; infinite when all are 0.</summary>
    internal static double FromUniform(ReadOnlySpan<int> counts)
    {
        double total = 0, sum = 0;
        foreach (int count in counts) total += count;
        if (total == 0) return double.PositiveInfinity;
        foreach (int count in counts)
            if (count > 0) sum += count / total * Math.Log(count / total * counts.Length);
        return sum;
    }
}
