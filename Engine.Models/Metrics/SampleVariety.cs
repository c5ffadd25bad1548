namespace Engine.Models.Metrics;

/// <summary>Whether samples differ from each other as much as the data do: a generator that has collapsed repeats itself.</summary>
public static class SampleVariety
{
    /// <summary>
    /// The share of samples that are nearer to another sample than the nearest 5 % of as many samples of the data are to each other: about
    /// 0.05 for the data, 1 for samples that are all alike. Distances are Euclidean.
    /// </summary>
    /// <param name="samples">[samples, length], in row-major order; at least two.</param>
    /// <param name="data">Samples of the data in the same form; at least as many, of which as many are taken.</param>
    /// <param name="length">Elements of a sample.</param>
    /// <exception cref="ArgumentException">There is no whole number of samples, fewer than two, or fewer of the data.</exception>
    public static double RepeatedShare(ReadOnlySpan<float> samples, ReadOnlySpan<float> data, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (samples.Length < 2 * length || data.Length < samples.Length) throw new ArgumentException(
            $"SampleVariety: expected at least two samples of {length} values, and as many of the data, found {samples.Length} and "
            + $"{data.Length} values.");
        double[] ofData = NearestNeighbor.Distances(data[..samples.Length], length), ofSamples = NearestNeighbor.Distances(samples, length);
        double near = ofData.Order().ElementAt(ofData.Length / 20);
        return (double)ofSamples.Count(distance => distance < near) / ofSamples.Length;
    }
}
