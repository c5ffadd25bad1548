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
    /// <param name="b">The features of the other, as many numbers in each.</param>
    /// <exception cref="ArgumentException">The numbers of features differ.</exception>
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
