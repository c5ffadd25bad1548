using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Engine.Models.Metrics;

/// <summary>
/// The squared Fréchet (2-Wasserstein) distance between Gaussians with the moments of two sets of features (Heusel et al. 2017,
/// arXiv:1706.08500, equation 6). Which network the features come from sets the scale: distances by another network, such as Inception's
/// FID, are not comparable; nor are those of fewer samples, because the distance falls with their number. Zero for equal moments.
/// </summary>
public static class FrechetDistance
{
    /// <summary>The distance.</summary>
    /// <param name="a">The features of one set.</param>
    /// <param name="b">The features of the other, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths of the feature vectors differ.</exception>
    /// <exception cref="InvalidOperationException">A set has fewer than two vectors.</exception>
    public static double Between(FeatureMoments a, FeatureMoments b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Features != b.Features) throw new ArgumentException($"Expected features of one length, found {a.Features} and {b.Features}.");
        (Matrix<double> ca, Matrix<double> cb) = (a.Covariance(), b.Covariance());

        // d² = |ma - mb|² + tr(Ca) + tr(Cb) - 2 tr((Ca^½ Cb Ca^½)^½): the same trace as that of (Ca Cb)^½, of a matrix that is symmetric
        Matrix<double> root = SquareRoot(ca);
        Matrix<double> product = root * cb * root;
        double trace = (product + product.Transpose()).Multiply(0.5)
            .Evd(Symmetricity.Symmetric).EigenValues.Sum(value => Math.Sqrt(Math.Max(0, value.Real)));
        double shift = (a.Mean() - b.Mean()).L2Norm();
        return Math.Max(0, (shift * shift) + ca.Trace() + cb.Trace() - (2 * trace));
    }

    // V sqrt(lambda) VT; what rounding left below zero counts as zero.
    private static Matrix<double> SquareRoot(Matrix<double> symmetric)
    {
        Evd<double> evd = symmetric.Evd(Symmetricity.Symmetric);
        Matrix<double> roots = Matrix<double>.Build.DenseOfDiagonalVector(evd.EigenValues.Map(value => Math.Sqrt(Math.Max(0, value.Real))));
        return evd.EigenVectors * roots * evd.EigenVectors.Transpose();
    }
}

/// <summary>Mean and covariance of feature vectors that come in parts, accumulated in double precision.</summary>
public sealed class FeatureMoments
{
    private readonly double[] _sum;
    private readonly double[] _products;

    /// <summary>Creates empty moments.</summary>
    /// <param name="features">Elements of a vector; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public FeatureMoments(int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        Features = features;
        _sum = new double[features];
        _products = new double[features * features];
    }

    /// <summary>Elements of a vector.</summary>
    public int Features { get; }

    /// <summary>Vectors so far.</summary>
    public int Count { get; private set; }

    /// <summary>Adds vectors.</summary>
    /// <param name="vectors">[vectors, features], in row-major order.</param>
    /// <exception cref="ArgumentException">There is no whole number of vectors, or a number is NaN or infinite.</exception>
    public void Add(ReadOnlySpan<float> vectors)
    {
        if (vectors.Length % Features != 0) throw new ArgumentException(
            $"Expected vectors of {Features} values each, found {vectors.Length} values in all.");
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
