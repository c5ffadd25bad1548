using MathNet.Numerics.LinearAlgebra;

namespace Engine.Models.Metrics;

/// <summary>Mean and covariance of feature vectors that come in parts, added up in double precision.</summary>
public sealed class FeatureMoments
{
    private readonly double[] _sum;
    private readonly double[] _products;

    /// <summary>Begins with no vector.</summary>
    /// <param name="features">Numbers in a vector; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public FeatureMoments(int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        Features = features;
        _sum = new double[features];
        _products = new double[features * features];
    }

    /// <summary>Numbers in a vector.</summary>
    public int Features { get; }

    /// <summary>Vectors so far.</summary>
    public int Count { get; private set; }

    /// <summary>Adds vectors.</summary>
    /// <param name="vectors">[vectors, features], in row-major order.</param>
    /// <exception cref="ArgumentException">There is no whole number of vectors, or a number is NaN or infinite.</exception>
    public void Add(ReadOnlySpan<float> vectors)
    {
        if (vectors.Length % Features != 0) throw new ArgumentException(
            $"Expected vectors of {Features} numbers each, found {vectors.Length} numbers in all.");
        foreach (float value in vectors)
            if (!float.IsFinite(value)) throw new ArgumentException($"Expected features that are finite, found {value}.");
        for (int at = 0; at < vectors.Length; at += Features)
        {
            ReadOnlySpan<float> vector = vectors.Slice(at, Features);
            for (int i = 0; i < Features; i++)
            {
                _sum[i] += vector[i];
                for (int j = 0; j <= i; j++) _products[(i * Features) + j] += (double)vector[i] * vector[j];
            }

            Count++;
        }
    }

    /// <summary>The mean vector.</summary>
    /// <exception cref="InvalidOperationException">There is no vector.</exception>
    internal Vector<double> Mean()
    {
        if (Count == 0) throw new InvalidOperationException("The mean of no vectors is not defined: at least one was expected.");
        return Vector<double>.Build.Dense(Features, i => _sum[i] / Count);
    }

    /// <summary>The covariance, with Count - 1 in the denominator.</summary>
    /// <exception cref="InvalidOperationException">There are fewer than two vectors.</exception>
    internal Matrix<double> Covariance()
    {
        if (Count < 2) throw new InvalidOperationException($"A covariance needs at least two vectors, found {Count}.");

        // C = (sum v vT - n m mT) / (n - 1), symmetric
        Vector<double> mean = Mean();
        return Matrix<double>.Build.Dense(
            Features, Features, (i, j) =>
                (_products[(Math.Max(i, j) * Features) + Math.Min(i, j)] - (Count * mean[i] * mean[j])) / (Count - 1));
    }
}
