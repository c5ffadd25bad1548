using Engine.Models.Data;

namespace Engine.Models.Variational;

/// <summary>Splits a data set for anomaly detection: the images of one class, and those of all others.</summary>
public static class HeldOutClass
{
    /// <summary>Splits a data set.</summary>
    /// <param name="data">Labelled images.</param>
    /// <param name="label">The class that is held out.</param>
    /// <exception cref="DataException">The images carry no labels, or there is no such class, or no other.</exception>
    public static (ImageDataset Others, ImageDataset Held) Split(ImageDataset data, int label)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.IsLabelled) throw new DataException($"{data.Name}: expected labels, to hold out class {label}, found none.");
        return (Where(data, other => other != label, $"{data.Name} without {label}"),
            Where(data, other => other == label, $"{data.Name}, only {label}"));
    }

    private static ImageDataset Where(ImageDataset data, Func<int, bool> takes, string name)
    {
        int[] indices = [.. Enumerable.Range(0, data.Count).Where(i => takes(data.Label(i)))];
        if (indices.Length == 0) throw new DataException($"{name}: expected at least one image, found none.");
        byte[] pixels = new byte[indices.Length * data.ImageLength];
        for (int i = 0; i < indices.Length; i++) data.Image(indices[i]).CopyTo(pixels.AsSpan(i * data.ImageLength));
        return new ImageDataset(name, data.Height, data.Width, data.Channels, pixels, [.. indices.Select(data.Label)], data.Classes);
    }
}

/// <summary>
/// The area under the curve of true against false alarms: the probability that an anomaly scores higher than what is normal. 1 separates
/// all, 0.5 none.
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
