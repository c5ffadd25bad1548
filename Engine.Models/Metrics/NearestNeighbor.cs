using System.Numerics.Tensors;

namespace Engine.Models.Metrics;

/// <summary>
/// Distances to the nearest other vector: samples that are closer to each other, or to training images, than images of the data are
/// to each other are repeats or copies.
/// </summary>
public static class NearestNeighbor
{
    /// <summary>The Euclidean distance of each vector to the nearest of others.</summary>
    /// <param name="vectors">[vectors, length], in row-major order.</param>
    /// <param name="others">[others, length].</param>
    /// <param name="length">Elements of a vector; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each vector.</param>
    /// <returns>One distance for each vector; infinite when there are no others.</returns>
    /// <exception cref="ArgumentException">There is no whole number of vectors.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static double[] Distances(
        ReadOnlySpan<float> vectors, ReadOnlySpan<float> others, int length, CancellationToken cancellation = default)
    {
        Check(vectors, length);
        Check(others, length);
        double[] result = new double[vectors.Length / length];
        for (int i = 0; i < result.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            float least = float.PositiveInfinity;
            for (int at = 0; at < others.Length; at += length) least =
                Math.Min(least, TensorPrimitives.Distance(vectors.Slice(i * length, length), others.Slice(at, length)));
            result[i] = least;
        }

        return result;
    }

    /// <summary>The Euclidean distance of each vector to the nearest of the rest.</summary>
    /// <param name="vectors">[vectors, length], in row-major order.</param>
    /// <param name="length">Elements of a vector; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each vector.</param>
    /// <returns>One distance for each vector; infinite when there is only one.</returns>
    /// <exception cref="ArgumentException">There is no whole number of vectors.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static double[] Distances(ReadOnlySpan<float> vectors, int length, CancellationToken cancellation = default)
    {
        Check(vectors, length);
        double[] result = new double[vectors.Length / length];
        Array.Fill(result, double.PositiveInfinity);
        for (int i = 0; i < result.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int j = 0; j < i; j++)
            {
                double distance = TensorPrimitives.Distance(vectors.Slice(i * length, length), vectors.Slice(j * length, length));
                (result[i], result[j]) = (Math.Min(result[i], distance), Math.Min(result[j], distance));
            }
        }

        return result;
    }

    private static void Check(ReadOnlySpan<float> vectors, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (vectors.Length % length != 0) throw new ArgumentException(
            $"Expected vectors of {length} values each, found {vectors.Length} values in all.");
    }
}
