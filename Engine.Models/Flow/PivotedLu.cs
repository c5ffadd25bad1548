using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

/// <summary>A square matrix as P L (U + D), row-major, in float64.</summary>
/// <param name="Permutation">P.</param>
/// <param name="Lower">L without its diagonal of ones.</param>
/// <param name="Upper">U, above the diagonal.</param>
/// <param name="Diagonal">D.</param>
internal sealed record PivotedLu(double[] Permutation, double[] Lower, double[] Upper, double[] Diagonal)
{
    /// <summary>A random rotation: what Gram and Schmidt make of normal vectors.</summary>
    internal static PivotedLu OfRotation(int n, RandomStream random)
    {
        using CpuDevice host = new(1);
        using Tape tape = new(host, record: false);
        double[] q = Tensor.Normal([n, n], random, dtype: DType.Float64).ToDoubles();
        for (int i = 0; i < n; i++)
        {
            Span<double> row = q.AsSpan(i * n, n);

            // Twice is enough: what rounding leaves the first time is gone after the second.
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    double dot = 0;
                    for (int k = 0; k < n; k++) dot += row[k] * q[(j * n) + k];
                    for (int k = 0; k < n; k++) row[k] -= dot * q[(j * n) + k];
                }
            }

            double length = 0;
            foreach (double v in row) length += v * v;
            for (int k = 0; k < n; k++) row[k] /= Math.Sqrt(length);
        }

        return Of(q, n);
    }

    /// <summary>Gaussian elimination with the largest element of each column as pivot.</summary>
    internal static PivotedLu Of(ReadOnlySpan<double> matrix, int n)
    {
        double[] a = matrix.ToArray();
        int[] order = [.. Enumerable.Range(0, n)];
        for (int column = 0; column < n; column++)
        {
            int pivot = column;
            for (int i = column + 1; i < n; i++)
                if (Math.Abs(a[(i * n) + column]) > Math.Abs(a[(pivot * n) + column])) pivot = i;
            (order[column], order[pivot]) = (order[pivot], order[column]);
            for (int k = 0; k < n; k++) (a[(column * n) + k], a[(pivot * n) + k]) = (a[(pivot * n) + k], a[(column * n) + k]);
            for (int i = column + 1; i < n; i++)
            {
                double factor = a[(i * n) + column] /= a[(column * n) + column];
                for (int k = column + 1; k < n; k++) a[(i * n) + k] -= factor * a[(column * n) + k];
            }
        }

        double[] permutation = new double[n * n], lower = new double[n * n], upper = new double[n * n], diagonal = new double[n];
        for (int i = 0; i < n; i++)
        {
            // Row i of L U is row order[i] of the matrix.
            permutation[(order[i] * n) + i] = 1;
            diagonal[i] = a[(i * n) + i];
            for (int j = 0; j < n; j++) (j < i ? lower : upper)[(i * n) + j] = i == j ? 0 : a[(i * n) + j];
        }

        return new PivotedLu(permutation, lower, upper, diagonal);
    }
}
