namespace Engine.Models.Variational;

/// <summary>
/// The area under the curve of true against false alarms: the probability that an anomaly scores higher than what is normal. 1 tells all
/// apart, 0.5 none.
/// </summary>
public static class Auroc
{
    /// <summary>Computes it from scores; equal scores count half.</summary>
    /// <param name="normal">Scores of what is normal.</param>
    /// <param name="anomalous">Scores of anomalies; higher should mean stranger.</param>
    /// <exception cref="ArgumentException">One of the two is empty, or a score is not a number.</exception>
    public static double Of(ReadOnlySpan<double> normal, ReadOnlySpan<double> anomalous)
    {
        if (normal.IsEmpty || anomalous.IsEmpty)
            throw new ArgumentException(
                $"Scores of both kinds were expected, found {normal.Length} normal and {anomalous.Length} anomalous.");
        double[] all = [.. normal, .. anomalous];
        if (Array.Exists(all, double.IsNaN)) throw new ArgumentException("Scores must be numbers, found NaN.");
        bool[] strange = new bool[all.Length];
        strange.AsSpan(normal.Length).Fill(true);
        Array.Sort(all, strange);

        // The Mann-Whitney statistic: for each anomaly the normal scores below it, and half of those equal to it.
        double wins = 0;
        int below = 0;
        for (int i = 0; i < all.Length;)
        {
            (int equalNormal, int equalStrange) = (0, 0);
            double score = all[i];
            for (; i < all.Length && all[i] == score; i++)
            {
                if (strange[i]) equalStrange++;
                else equalNormal++;
            }

            wins += equalStrange * (below + (0.5 * equalNormal));
            below += equalNormal;
        }

        return wins / ((double)normal.Length * anomalous.Length);
    }
}
