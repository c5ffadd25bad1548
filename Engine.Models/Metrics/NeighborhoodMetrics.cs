using System.Numerics.Tensors;

namespace Engine.Models.Metrics;

/// <summary>
/// Precision and recall of samples by the neighbourhoods of their features (Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2).
/// A set's manifold is the union of balls around its vectors, each reaching to the k-th nearest other one.
/// </summary>
/// <param name="Precision">The share of generated vectors within the manifold of the data: how many samples look real.</param>
/// <param name="Recall">
/// The share of the data's vectors within the manifold of generated ones: how much of the data can be generated.
/// </param>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>Measures generated vectors. The sets should be equally large.</summary>
    /// <param name="data">The features of the data, [vectors, length], in row-major order.</param>
    /// <param name="generated">Those of samples, [vectors, length].</param>
    /// <param name="length">Elements of a vector.</param>
    /// <param name="k">Which neighbour a ball reaches to; 3 in the paper.</param>
    /// <exception cref="ArgumentException">A set has no whole number of vectors, or not more than k.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k or the length is less than 1.</exception>
    public static PrecisionRecall Of(ReadOnlySpan<float> data, ReadOnlySpan<float> generated, int length, int k = 3)
    {
        double[] ofData = Neighborhoods.Radii(nameof(PrecisionRecall), data, length, k),
            ofGenerated = Neighborhoods.Radii(nameof(PrecisionRecall), generated, length, k);
        bool[] isPrecise = new bool[ofGenerated.Length], isRecalled = new bool[ofData.Length];
        for (int i = 0; i < ofData.Length; i++)
        {
            for (int j = 0; j < ofGenerated.Length; j++)
            {
                double distance = TensorPrimitives.Distance(data.Slice(i * length, length), generated.Slice(j * length, length));
                isPrecise[j] |= distance <= ofData[i];
                isRecalled[i] |= distance <= ofGenerated[j];
            }
        }

        return new PrecisionRecall(Share(isPrecise), Share(isRecalled));

        static double Share(bool[] holds) => (double)holds.AsSpan().Count(true) / holds.Length;
    }
}

/// <summary>
/// Density and coverage of samples (Naeem et al. 2020, arXiv:2002.09797, equations 3 and 4): the balls are around vectors of the data only,
/// so that a few generated outliers do not make a manifold of their own.
/// </summary>
/// <param name="Density">How many balls of the data a generated vector lies in, on average, over k: 1 for samples of the data, more where
/// samples gather in the middle of it.</param>
/// <param name="Coverage">The share of the data's balls that hold a generated vector, from 0 to 1.</param>
public sealed record DensityCoverage(double Density, double Coverage)
{
    /// <summary>Measures generated vectors. The sets should be equally large.</summary>
    /// <param name="data">The features of the data, [vectors, length], in row-major order.</param>
    /// <param name="generated">Those of samples, [vectors, length].</param>
    /// <param name="length">Elements of a vector.</param>
    /// <param name="k">Which neighbour a ball reaches to; 5 in the paper.</param>
    /// <exception cref="ArgumentException">There is no whole number of vectors, not more than k of the data, or none generated.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k or the length is less than 1.</exception>
    public static DensityCoverage Of(ReadOnlySpan<float> data, ReadOnlySpan<float> generated, int length, int k = 5)
    {
        double[] radii = Neighborhoods.Radii(nameof(DensityCoverage), data, length, k);
        int count = Neighborhoods.Count(nameof(DensityCoverage), generated, length, least: 1);
        (long inside, int covered) = (0, 0);
        for (int i = 0; i < radii.Length; i++)
        {
            int within = 0;
            for (int j = 0; j < count; j++)
                if (TensorPrimitives.Distance(data.Slice(i * length, length), generated.Slice(j * length, length)) < radii[i]) within++;
            inside += within;
            if (within > 0) covered++;
        }

        // density = 1 / (k M) sum_j sum_i [y_j in B(x_i)],  coverage = 1 / N sum_i [some y_j in B(x_i)]
        return new DensityCoverage(inside / ((double)k * count), (double)covered / radii.Length);
    }
}

/// <summary>Distances to neighbours within a set.</summary>
internal static class Neighborhoods
{
    /// <summary>The distance of each vector to the k-th nearest of the others.</summary>
    internal static double[] Radii(string owner, ReadOnlySpan<float> vectors, int length, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        int count = Count(owner, vectors, length, least: k + 1);
        double[] radii = new double[count];
        float[] distances = new float[count - 1];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
                if (j != i) distances[j < i ? j : j - 1] =
                    TensorPrimitives.Distance(vectors.Slice(i * length, length), vectors.Slice(j * length, length));
            Array.Sort(distances);
            radii[i] = distances[k - 1];
        }

        return radii;
    }

    internal static int Count(string owner, ReadOnlySpan<float> vectors, int length, int least)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (vectors.Length % length != 0 || vectors.Length / length < least) throw new ArgumentException(
            $"{owner}: expected at least {least} vectors of {length} values each, found {vectors.Length} values in all.");
        return vectors.Length / length;
    }
}
