namespace Engine.Bench.Machine;

/// <summary>Order statistics of measured numbers.</summary>
internal static class Sample
{
    /// <summary>The middle one.</summary>
    internal static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    /// <summary>The value below which a share of the sample lies, interpolated between neighbours; NaN for an empty sample.</summary>
    internal static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return double.NaN;
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
